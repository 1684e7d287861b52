import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { StoredSubmission } from "../../../src/engine/ports/stores.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, aReceipt, aTimeline, failed, finished, NOW } from "./records.ts";

const asked = (text = '{"action":{}}') => text as StoredSubmission;

const run = (store: ReturnType<typeof aStore>, id: string, { at = NOW, submission = asked() } = {}) => {
  const head = aHead(id, { at });
  store.executions.begin("t", head, "", { submission });
  store.executions.finish("t", finished(head), aTimeline(), aReceipt(`{"of":"${id}"}`));
};

const kept = ({ executions }: ReturnType<typeof aStore>, id: string) => ({
  receipt: executions.receipt("t", id),
  submission: executions.submission("t", id)?.submission,
});

describe("the receipt of an execution, and what was asked for,", () => {
  test("are there with its end, for another process at once", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    store.executions.begin("t", aHead("exe_2"), "", { submission: asked("{}") });
    expect(kept(store, "exe_2")).toEqual({ receipt: undefined, submission: "{}" });
    run(store, "exe_1");
    expect(kept(aStore({ file }), "exe_1")).toEqual({
      receipt: '{"of":"exe_1"}',
      submission: '{"action":{}}',
    });
    expect(store.executions.submission(undefined, "exe_1")?.tenant).toBe("t");
  });

  test("are not there for another tenant", () => {
    const { executions } = aStore();
    run({ executions } as ReturnType<typeof aStore>, "exe_1");
    expect(executions.receipt("other", "exe_1")).toBeUndefined();
    expect(executions.submission("other", "exe_1")).toBeUndefined();
    expect(executions.receipt(undefined, "exe_1")).toBeDefined();
  });

  test("are not there where there is none, or it is not to be kept", () => {
    const store = aStore();
    store.executions.begin("t", aHead("exe_1"), "");
    store.executions.fail("t", failed(aHead("exe_1")));
    expect(kept(store, "exe_1")).toEqual({ receipt: undefined, submission: undefined });
  });

  test("are stored with the end, or nothing of it is", () => {
    const store = aStore();
    run(store, "exe_1");
    const again = () => store.executions.finish("t", finished(aHead("exe_1")), aTimeline(), aReceipt("{}"));
    expect(again).toThrow("not under way");
    expect(kept(store, "exe_1").receipt).toBe('{"of":"exe_1"}');
  });

  test("go with it, by age and by size, and count for its size", () => {
    const large = asked("x".repeat(10_000));
    const store = aStore({ maxBytes: 35_000 });
    for (const [n, id] of ["exe_1", "exe_2", "exe_3", "exe_4"].entries()) {
      run(store, id, { at: NOW + n, submission: large });
    }
    expect(kept(store, "exe_1")).toEqual({ receipt: undefined, submission: undefined });
    expect(kept(store, "exe_4").submission).toBe(large);
    store.executions.prune(NOW + 99);
    expect(kept(store, "exe_4")).toEqual({ receipt: undefined, submission: undefined });
    // What was removed is off the books: there is room for as many again.
    for (const id of ["exe_5", "exe_6"]) run(store, id, { submission: large });
    expect([kept(store, "exe_5").submission, kept(store, "exe_6").submission]).toEqual([large, large]);
  });
});
