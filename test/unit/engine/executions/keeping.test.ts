import { describe, expect, test } from "vitest";
import { redactableParts } from "../../../../src/domain/policy.ts";
import { dropParts, keepUntil, partsToDrop } from "../../../../src/engine/executions/keeping.ts";
import { replay } from "../../../../src/engine/executions/replay.ts";
import { StoredRecord } from "../../../../src/engine/executions/stored-record.ts";
import type { StoredExecution, Timeline } from "../../../../src/engine/ports/stores.ts";
import { aPolicy } from "../../../support/builders.ts";
import { aHead, finished } from "../../store/records.ts";

const whole = () => {
  const execution = finished(aHead("exe_1"), { stdout: "secret" });
  execution.observation.stderr = "warning";
  execution.observation.stderrBase64 = "d2FybmluZw==";
  execution.observation.results = [{ forms: { "text/plain": "42" }, truncated: false }];
  execution.observation.outputs = { files: [{ path: "a", bytes: 1, text: "a" }], skipped: [] };
  return { execution, timeline: "s0 o4 e7 o2 r" as Timeline };
};

const eventsOf = ({ execution, timeline }: ReturnType<typeof whole>) => [
  ...replay(new StoredRecord(JSON.stringify(execution) as StoredExecution, timeline), 0),
];

describe("what a policy drops", () => {
  test("is empty in what is kept, with a mark, and everything else is as it was", () => {
    const before = whole();
    const { execution } = dropParts(whole(), ["stdout", "results"]);
    expect(execution.redacted).toEqual(["stdout", "results"]);
    expect(execution.observation).toEqual({ ...before.execution.observation, stdout: "", results: [] });
  });

  test("goes with its exact bytes", () => {
    const { observation } = dropParts(whole(), ["stderr", "outputs"]).execution;
    expect(observation.stderr).toBe("");
    expect(observation).not.toHaveProperty("stderrBase64");
    expect(observation.outputs).toEqual({ files: [], skipped: [] });
    expect(observation.stdout).toBe("secret");
  });

  test("nothing at all leaves everything untouched", () => {
    const before = whole();
    expect(dropParts(before, [])).toBe(before);
  });

  test("is nowhere in what is told again, and the rest is under the numbers that it had", () => {
    const all = eventsOf(whole());
    const left = eventsOf(dropParts(whole(), ["stdout", "outputs"]));
    expect(all.map(({ id, type }) => `${id} ${type}`)).toEqual([
      "1 started",
      "2 stdout",
      "3 stderr",
      "4 stdout",
      "5 result",
      "6 file",
      "7 finished",
    ]);
    expect(left.map(({ id, type }) => `${id} ${type}`)).toEqual([
      "1 started",
      "3 stderr",
      "5 result",
      "7 finished",
    ]);
    const text = left.map(({ data }) => data.toString()).join("");
    expect(text).not.toContain("secret");
    expect(text).toContain("warning");
  });
});

test("of a policy that nobody knows any more, nothing is kept that any may drop", () => {
  expect(partsToDrop(undefined)).toEqual(redactableParts);
  expect(partsToDrop(aPolicy())).toEqual([]);
});

test("an execution is kept for the policy's hours from when it was made", () => {
  const at = "2026-11-23T10:00:00.000Z";
  expect(keepUntil(at, aPolicy({ retention: { hours: 0.5 } }))).toBe(Date.parse("2026-11-23T10:30:00.000Z"));
  expect(keepUntil(at, aPolicy())).toBeUndefined();
  expect(keepUntil(at, undefined)).toBeUndefined();
});
