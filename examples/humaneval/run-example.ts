/** HumanEval through a service: 164 solutions that are right and 164 that are broken, each in a container of its own. */
import { createProgress } from "../../scripts/report/progress-bar.ts";
import { type Case, toBrokenCases, toCanonicalCases } from "./cases.ts";
import type { Service } from "./execute.ts";
import type { Problem } from "./problem.ts";
import { describeUnexpected, runCases } from "./run-cases.ts";
import { summarize } from "./summary.ts";

/** Prints progress and the table; returns whether every run came back as it had to. */
export async function runExample(
  service: Service,
  problems: readonly Problem[],
  signal: AbortSignal,
): Promise<boolean> {
  const canonical = await runWithProgress("canonical", toCanonicalCases(problems), { service, signal });
  const broken = await runWithProgress("broken   ", toBrokenCases(problems), { service, signal });
  console.log(`\n${summarize(canonical, broken)}\n`);

  const unexpected = describeUnexpected([...canonical.results, ...broken.results]);
  for (const line of unexpected) console.log(`NOT AS EXPECTED ${line}`);
  const runs = canonical.results.length + broken.results.length;
  console.log(`${runs - unexpected.length} of ${runs} runs came back as expected.`);
  return unexpected.length === 0;
}

async function runWithProgress(
  label: string,
  cases: readonly Case[],
  { service, signal }: { service: Service; signal: AbortSignal },
) {
  const progress = createProgress(label, cases.length);
  try {
    return await runCases(service, cases, { signal, onDone: progress.tick });
  } finally {
    progress.end();
  }
}
