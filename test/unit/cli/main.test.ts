/** The program as a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buffer, text } from "node:stream/consumers";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { FakeService, stream } from "./fake-service.ts";
import { aFolder } from "./run-in-test.ts";
import { exe, finished, pending, started } from "./samples.ts";

const main = join(import.meta.dirname, "../../../src/cli/main.ts");
const events = `GET /v1/executions/${exe}/events`;

let service: FakeService;
let cwd: string;

beforeEach(async () => {
  service = await FakeService.start();
  service.on("POST /v1/executions", () => pending);
  cwd = aFolder();
  writeFileSync(join(cwd, "a.py"), "print(1)\n");
});
afterEach(() => service[Symbol.asyncDispose]());

const cloche = (
  ...argv: string[]
): ChildProcess & { stdout: NodeJS.ReadableStream; stderr: NodeJS.ReadableStream } =>
  spawn(process.execPath, [main, ...argv], {
    cwd,
    env: { CLOCHE_URL: service.url, CLOCHE_API_KEY: "key" },
    stdio: ["pipe", "pipe", "pipe"],
  });

const ended = async (child: ChildProcess): Promise<number | null> => {
  const [code] = await once(child, "exit");
  return code as number | null;
};

describe("cloche, the process", () => {
  test("can be run as it is", () => {
    expect(statSync(main).mode & 0o111).toBe(0o111);
  });

  test("gives bytes, exit code and summary of the run", async () => {
    const bytes = Buffer.alloc(1_000_000, 255);
    const pieces = Array.from({ length: 10 }, () => ({
      event: "stdout",
      data: { base64: bytes.subarray(0, 100_000).toString("base64") },
    }));
    service.on(events, stream([started, ...pieces, finished({ outcome: "nonzero_exit", exitCode: 3 })]));
    const child = cloche("run", "a.py");
    const [stdout, stderr, code] = await Promise.all([
      buffer(child.stdout),
      text(child.stderr),
      ended(child),
    ]);
    expect(stdout.equals(bytes)).toBe(true);
    expect({ code, stderr }).toEqual({ code: 3, stderr: "cloche: nonzero_exit: exit code 3\n" });
    expect(service.asked[0]?.headers.authorization).toBe("Bearer key");
  });

  test("Ctrl-C cancels the run and exits 130", async () => {
    const cancelled = Promise.withResolvers<void>();
    service
      .on(events, async (asked, response) => {
        stream([started, { event: "stdout", data: { text: "running\n" } }], { open: true })(asked, response);
        await cancelled.promise;
        const { data } = finished({ outcome: "cancelled", exitCode: null });
        response.end(`id: 3\nevent: finished\ndata: ${JSON.stringify(data)}\n\n`);
      })
      .on(`POST /v1/executions/${exe}/cancel`, () => {
        cancelled.resolve();
        return pending;
      });
    const child = cloche("run", "a.py");
    const code = ended(child);
    await once(child.stdout, "data");
    child.kill("SIGINT");
    expect(await code).toBe(130);
    expect(service.askedFor(`POST /v1/executions/${exe}/cancel`)).toHaveLength(1);
  });

  test("a reader that goes away ends the run", async () => {
    const cancelled = Promise.withResolvers<void>();
    service
      .on(events, async (asked, response) => {
        stream([started, { event: "stdout", data: { text: "first\n" } }], { open: true })(asked, response);
        let id = 3;
        const more = () =>
          `id: ${id++}\nevent: stdout\ndata: ${JSON.stringify({ text: "x".repeat(60_000) })}\n\n`;
        const fill = () => {
          while (!response.destroyed && response.write(more()));
        };
        response.on("drain", fill);
        fill();
      })
      .on(`POST /v1/executions/${exe}/cancel`, () => {
        cancelled.resolve();
        return pending;
      });
    const child = cloche("run", "a.py");
    const code = ended(child);
    await once(child.stdout, "data");
    (child.stdout as NodeJS.ReadableStream & { destroy(): void }).destroy();
    await cancelled.promise;
    expect(await code).toBe(141);
  });

  test("a standard input that stays open does not hold it", async () => {
    service.on(events, stream([started, finished()])).on(`POST /v1/executions/${exe}/stdin`, () => ({}));
    expect(await ended(cloche("run", "a.py", "--stdin", "-"))).toBe(0);
  });
});
