import { describe, expect, test } from "vitest";
import type { TestModule } from "vitest/node";
import { countTests } from "../../../scripts/closing-line-reporter.ts";
import { closingLine, isTestTotals } from "../../../scripts/test-totals.ts";

type FakeModule = { errors?: number; suiteErrors?: number; states?: string[] };

const errors = (count: number) => Array.from({ length: count }, () => new Error("broken"));

/** As much of vitest's report as the count looks at. */
const moduleOf = ({ errors: own = 0, suiteErrors = 0, states = [] }: FakeModule) =>
  ({
    errors: () => errors(own),
    children: {
      allSuites: () => [{ errors: () => errors(suiteErrors) }],
      allTests: () => states.map((state) => ({ result: () => ({ state }) })),
    },
  }) as unknown as TestModule;

describe("countTests", () => {
  test.each<[name: string, modules: FakeModule[], unhandled: number, line: string]>([
    ["adds up files", [{ states: ["passed", "passed"] }, { states: ["passed"] }], 0, "3 passed, 0 failed"],
    ["skips are shown", [{ states: ["passed", "skipped"] }], 0, "1 passed, 0 failed, 1 skipped"],
    ["failed tests", [{ states: ["failed", "passed"] }], 0, "1 passed, 1 failed"],
    ["a test that never ended", [{ states: ["passed", "pending"] }], 0, "1 passed, 1 failed"],
    ["a file that does not load", [{ errors: 1 }, { states: ["passed"] }], 0, "1 passed, 1 failed"],
    [
      "a beforeAll that throws",
      [{ suiteErrors: 1, states: ["skipped"] }],
      0,
      "0 passed, 1 failed, 1 skipped",
    ],
    ["unhandled errors", [{ states: ["passed"] }], 2, "1 passed, 2 failed"],
    ["no file", [], 0, "0 passed, 1 failed"],
    ["nothing but skips", [{ states: ["skipped"] }], 0, "0 passed, 1 failed, 1 skipped"],
  ])("%s", (_name, modules, unhandled, line) => {
    expect(closingLine(countTests(modules.map(moduleOf), unhandled))).toBe(line);
  });
});

test("only complete totals are taken from the channel", () => {
  expect(isTestTotals({ passed: 1, failed: 0, skipped: 0 })).toBe(true);
  expect(isTestTotals({ passed: 1, failed: 0 })).toBe(false);
  expect(isTestTotals("1 passed")).toBe(false);
});
