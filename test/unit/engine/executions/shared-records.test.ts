import { expect, test } from "vitest";
import { redactableParts } from "../../../../src/domain/policy.ts";
import { dropParts } from "../../../../src/engine/executions/keeping.ts";
import { SharedRecords } from "../../../../src/engine/executions/shared-records.ts";
import type { StoredExecution, Timeline } from "../../../../src/engine/ports/stores.ts";
import { aHead, finished } from "../../store/records.ts";

const large = JSON.stringify({ id: "exe_1", text: "x".repeat(70_000) }) as StoredExecution;
const small = '{"id":"exe_1"}' as StoredExecution;

const setUp = (stored: StoredExecution, timeline = "s0" as Timeline) => {
  const asked: (string | undefined)[] = [];
  const store = {
    find: (visibleTo: string | undefined) => {
      asked.push(visibleTo);
      return visibleTo === "other" ? undefined : stored;
    },
    timeline: () => timeline,
  };
  return { records: new SharedRecords(store), asked };
};

test("a tenant's readers share a large record, also with who had its text at hand", () => {
  const { records, asked } = setUp(large);
  const first = records.find("t", "exe_1");
  expect(records.find("t", "exe_1")).toBe(first);
  expect(records.of("t", "exe_1", large)).toBe(first);
  expect(first?.json.toString()).toBe(large);
  expect(asked).toEqual(["t"]);
});

test.each(redactableParts)(
  "a text that is more than what is stored, for want of %s, is shared with nobody",
  (part) => {
    const execution = finished(aHead("exe_1"));
    execution.observation.outputs = {
      files: [],
      skipped: [{ path: "x".repeat(70_000), reason: "too_large" }],
    };
    const whole = JSON.stringify(execution) as StoredExecution;
    const kept = dropParts({ execution, timeline: "s0" as Timeline }, [part]);
    const stored = JSON.stringify(kept.execution) as StoredExecution;
    const { records } = setUp(stored, kept.timeline);
    const told = records.of("t", "exe_1", whole);
    expect(told.json.toString()).toBe(whole);
    expect(records.find("t", "exe_1")?.json.toString()).toBe(stored);
  },
);

test("what one may see is no way to it for another", () => {
  const { records, asked } = setUp(large);
  const all = records.find(undefined, "exe_1");
  expect(records.find("other", "exe_1")).toBeUndefined();
  expect(records.find("t", "exe_1")).not.toBe(all);
  expect(asked).toEqual([undefined, "other", "t"]);
});

test("what is small, and may change, is read each time", () => {
  const { records, asked } = setUp(small);
  expect(records.find("t", "exe_1")).not.toBe(records.find("t", "exe_1"));
  expect(asked).toHaveLength(2);
});
