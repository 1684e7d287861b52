import { spawn } from "node:child_process";
import { bootstrap } from "../bootstrap.ts";
import { failTask } from "../fail-task.ts";
import { runGates, staticGates } from "../gates.ts";
import { repositoryRoot } from "../state-dir.ts";
import { closingLine, isTestTotals, type TestTotals } from "../test-totals.ts";

/** Counts as one failure: whatever kept the tests from reporting totals of their own. */
const noTotals: TestTotals = { passed: 0, failed: 1, skipped: 0 };

const gates = await runGates(staticGates);
const tests = await runTests(process.argv.slice(2));
const failed = gates.failed + tests.totals.failed;
process.exitCode = tests.exitCode === 0 && failed > 0 ? 1 : tests.exitCode;
console.log(
  closingLine({ passed: gates.passed + tests.totals.passed, failed, skipped: tests.totals.skipped }),
);

/** Without an engine nothing is skipped: the run fails. */
async function runTests(args: readonly string[]): Promise<{ totals: TestTotals; exitCode: number }> {
  try {
    const { dockerHost } = await bootstrap({ allowInstall: true, base: "auto", images: "all" });
    return await runVitest(args, dockerHost);
  } catch (error) {
    failTask(error);
    return { totals: noTotals, exitCode: 1 };
  }
}

/** The reporter sends the totals over the process channel, so that the closing line can come after all other output. */
async function runVitest(
  args: readonly string[],
  dockerHost: string,
): Promise<{ totals: TestTotals; exitCode: number }> {
  const child = spawn("vitest", ["run", ...args], {
    cwd: repositoryRoot,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
    env: { ...process.env, DOCKER_HOST: dockerHost },
  });
  // Ctrl-C reaches vitest as well; this process stays to report how it ended.
  process.on("SIGINT", () => {});
  process.on("SIGTERM", () => child.kill("SIGTERM"));
  let totals = noTotals;
  child.on("message", (message) => {
    if (isTestTotals(message)) totals = message;
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ totals, exitCode: code ?? 1 }));
  });
}
