import type { SerializedError } from "vitest";
import type { Reporter, TestModule } from "vitest/node";
import { closingLine, type TestTotals } from "./test-totals.ts";

/**
 * Adds up all projects. Whatever went wrong outside of a test (a file that does not load, a failing beforeAll, an
 * unhandled rejection) counts as failed, and so does a run in which no test ran at all.
 * Under scripts/tasks/test.ts the totals go to that process, which prints the line after everything else.
 */
export class ClosingLineReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly SerializedError[]): void {
    const totals = countTests(modules, unhandledErrors.length);
    if (totals.failed > 0) process.exitCode ||= 1;
    if (process.send) {
      process.send(totals);
      return;
    }
    // Other reporters still have their summary to print: the line comes last.
    process.once("exit", () => process.stdout.write(`${closingLine(totals)}\n`));
  }
}

export function countTests(modules: readonly TestModule[], unhandledErrors: number): TestTotals {
  const totals: TestTotals = { passed: 0, failed: unhandledErrors, skipped: 0 };
  for (const module of modules) {
    if (module.errors().length > 0) totals.failed += 1;
    for (const suite of module.children.allSuites()) {
      if (suite.errors().length > 0) totals.failed += 1;
    }
    for (const test of module.children.allTests()) {
      const { state } = test.result();
      // Pending after the end: the run was interrupted before this test could pass.
      totals[state === "pending" ? "failed" : state] += 1;
    }
  }
  if (totals.passed + totals.failed === 0) totals.failed = 1;
  return totals;
}
