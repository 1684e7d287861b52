import type { Timings } from "../../src/domain/execution.ts";
import type { Case } from "./cases.ts";
import { execute, type Service } from "./execute.ts";

export interface Result {
  case: Case;
  /** An outcome, or `error` where the service gave none. */
  outcome: string;
  asExpected: boolean;
  timings?: Timings;
  /** What to look at when it is not as expected. */
  detail: string;
}

export interface RunResults {
  results: Result[];
  wallMs: number;
}

const parallelism = 8;

/** Sends all cases, a few at a time. Rejects only when the signal is aborted. */
export async function runCases(
  service: Service,
  cases: readonly Case[],
  { signal, onDone = () => {} }: { signal: AbortSignal; onDone?: () => void },
): Promise<RunResults> {
  const startedAt = performance.now();
  const results: Result[] = [];
  const waiting = cases.values();
  // All workers draw from one iterator, so each case is taken once.
  const work = async () => {
    for (const item of waiting) {
      results.push(await runCase(service, item, signal));
      onDone();
    }
  };
  await Promise.all(Array.from({ length: parallelism }, work));
  return { results, wallMs: performance.now() - startedAt };
}

async function runCase(service: Service, item: Case, signal: AbortSignal): Promise<Result> {
  try {
    const { id, observation, timings } = await execute(service, item.action, signal);
    const { outcome, stderr, exitCode, evidence } = observation;
    const asExpected = outcome === item.expected;
    const detail = `${id} exitCode=${exitCode} ${JSON.stringify(evidence)} ${stderr.slice(-300)}`;
    return { case: item, outcome, asExpected, timings, detail };
  } catch (error) {
    signal.throwIfAborted();
    return { case: item, outcome: "error", asExpected: false, detail: String(error) };
  }
}

/** One line for each result that is not what its case predicts. */
export const describeUnexpected = (results: readonly Result[]): string[] =>
  results
    .filter(({ asExpected }) => !asExpected)
    .map(
      ({ case: { id, kind, expected }, outcome, detail }) =>
        `${id} (${kind}): expected ${expected}, got ${outcome}: ${detail}`,
    );
