import { expect, test } from "vitest";
import { lintPolicy } from "../../../../src/policies/lint/lint-policy.ts";
import { lintRules } from "../../../../src/policies/lint/rules.ts";
import { toSarif } from "../../../../src/policies/lint/sarif.ts";
import { aChild } from "../../../support/policy-folder.ts";
import { sarifErrors } from "../../../support/sarif/sarif-errors.ts";

const says =
  '# lint: CLP034 because of this\nenvironment: {allow: ["*"]}\nsyscalls: {add: [{names: [ptrace]}]}';
const findings = lintPolicy(aChild(says), { images: [] });
const sarif = toSarif(findings);

test("findings are SARIF 2.1.0 by its published schema", () => {
  expect(findings.length).toBeGreaterThan(4);
  expect(sarifErrors(sarif)).toEqual([]);
});

test.each([
  ["another version", { ...sarif, version: "2.0.0" }],
  ["a level that does not exist", withResult({ level: "fatal" })],
  ["a field that does not exist", withResult({ rule: "x" })],
  ["no message", withResult({ message: undefined })],
])("control: %s is noticed", (_, document) => {
  expect(sarifErrors(JSON.parse(JSON.stringify(document)))).not.toEqual([]);
});

function withResult(change: object) {
  const [run] = sarif.runs;
  return { ...sarif, runs: [{ ...run, results: run?.results.map((result) => ({ ...result, ...change })) }] };
}

test("each result names its rule, its line, and why it is meant to be so", () => {
  const results = sarif.runs[0]?.results ?? [];
  for (const { ruleId, ruleIndex } of results) expect(lintRules[ruleIndex]?.id).toBe(ruleId);
  const [ptrace] = results;
  expect(ptrace).toMatchObject({
    ruleId: "CLP010",
    level: "error",
    locations: [
      { physicalLocation: { artifactLocation: { uri: "policies/child.yaml" }, region: { startLine: 6 } } },
    ],
  });
  expect(results.find(({ ruleId }) => ruleId === "CLP034")).toMatchObject({
    suppressions: [{ kind: "inSource", justification: "of this" }],
  });
  expect(new Set(results.map(({ partialFingerprints }) => JSON.stringify(partialFingerprints))).size).toBe(
    results.length,
  );
});
