import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Case, toBrokenCases, toCanonicalCases } from "../../examples/humaneval/cases.ts";
import { loadProblems } from "../../examples/humaneval/dataset.ts";
import type { Problem } from "../../examples/humaneval/problem.ts";
import { describeUnexpected, runCases } from "../../examples/humaneval/run-cases.ts";
import { type PrivateService, startPrivateService } from "../../scripts/private-service.ts";

const timeout = 300_000;

describe("HumanEval through the service", () => {
  let problems: Problem[];
  let service: PrivateService;

  beforeAll(async () => {
    problems = await loadProblems({ log: () => {}, allowInstall: true });
    service = await startPrivateService();
  }, timeout);
  afterAll(async () => await service?.[Symbol.asyncDispose]());

  const runAll = async (cases: Case[], signal: AbortSignal) => {
    const { results } = await runCases(service, cases, { signal });
    expect(new Set(results.map((result) => result.case.id)).size).toBe(164);
    return describeUnexpected(results);
  };

  test("all 164 canonical solutions come back ok", { timeout }, async ({ signal }) => {
    expect(await runAll(toCanonicalCases(problems), signal)).toEqual([]);
  });

  test("all 164 broken solutions come back as the failure that their way of breaking predicts", {
    timeout,
  }, async ({ signal }) => {
    expect(await runAll(toBrokenCases(problems), signal)).toEqual([]);
  });
});
