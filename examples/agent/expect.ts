/** The example is worth nothing if what it shows is wrong: it checks itself and fails loudly. */
import { isDeepStrictEqual } from "node:util";
import type { Execution } from "../../src/domain/execution.ts";
import type { Outcome } from "../../src/domain/outcome.ts";

export function expectThat(isSo: boolean, what: string): asserts isSo {
  if (!isSo) throw new Error(`not as expected: ${what}`);
}

export function expectEqual(actual: unknown, expected: unknown, what: string): void {
  const text = `${what}: ${JSON.stringify(actual)}, expected ${JSON.stringify(expected)}`;
  expectThat(isDeepStrictEqual(actual, expected), text);
}

export function expectOutcome({ observation }: Execution, expected: Outcome): void {
  const { outcome, stderr } = observation;
  expectThat(outcome === expected, `outcome ${outcome} instead of ${expected}: ${stderr.slice(-500)}`);
}

const signature = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];

/** Width and height, from the header that every PNG begins with. */
export function pngSize(bytes: Buffer, what: string): { width: number; height: number } {
  expectThat(bytes.subarray(0, 8).equals(Buffer.from(signature)), `${what} is no PNG`);
  expectEqual(bytes.toString("latin1", 12, 16), "IHDR", `${what}: first chunk`);
  return { width: bytes.readUInt32BE(16), height: bytes.readUInt32BE(20) };
}
