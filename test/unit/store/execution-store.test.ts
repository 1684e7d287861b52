import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { executionRecordSchema } from "../../../src/domain/execution.ts";
import type { SqliteStore } from "../../../src/store/sqlite-store.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, aReceipt, aTimeline, failed, finished, inSession, NOW } from "./records.ts";

const found = ({ executions }: SqliteStore, id: string) =>
  executionRecordSchema.parse(JSON.parse(executions.find("t", id) ?? "null"));

const kept = ({ executions }: SqliteStore, ...ids: string[]) =>
  ids.filter((id) => executions.find("t", id) !== undefined);

/** Queued, running and finished, all of it. */
const run = ({ executions }: SqliteStore, id: string, { at = NOW, stdout = "" } = {}) => {
  const head = aHead(id, { at });
  executions.begin("t", head, "{}");
  executions.running(id);
  return executions.finish("t", finished(head, { stdout }), aTimeline(), aReceipt());
};

describe("an execution", () => {
  test("is queued, running and finished, and each time what is found is a valid record", () => {
    const store = aStore();
    const head = aHead("exe_1", inSession("ses_1"));
    store.executions.begin("t", head, "{}");
    expect(found(store, "exe_1")).toEqual({ ...head, status: "queued" });
    store.executions.running("exe_1");
    expect(found(store, "exe_1")).toEqual({ ...head, status: "running" });
    const execution = finished(head, { stdout: "a\u0000é\ud800" });
    const told = store.executions.finish("t", execution, aTimeline("[1]"), aReceipt());
    expect(JSON.parse(told)).toEqual(execution);
    expect(store.executions.find("t", "exe_1")).toBe(told);
    expect(store.executions.timeline("t", "exe_1")).toBe("[1]");
  });

  test("that failed is found with its error", () => {
    const store = aStore();
    const head = aHead("exe_1");
    store.executions.begin("t", head, "{}");
    store.executions.running("exe_1");
    store.executions.fail("t", failed(head));
    expect(found(store, "exe_1")).toEqual(failed(head));
    expect(store.executions.timeline("t", "exe_1")).toBeUndefined();
    expect(store.executions.unfinished()).toEqual([]);
  });

  test("is there for another process at once, with the head that it ended with", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    run(store, "exe_1");
    const head = aHead("exe_2", inSession("ses_1"));
    store.executions.begin("t", head, "{}");
    const lost = { ...head, session: { ...inSession("ses_1").session, stateLost: true } };
    store.executions.finish("t", finished(lost), aTimeline(), aReceipt());
    const other = aStore({ file });
    expect(kept(other, "exe_1", "exe_2")).toEqual(["exe_1", "exe_2"]);
    expect(other.executions.list("t", { limit: 1 }).items[0]?.session?.stateLost).toBe(true);
  });

  test("is not there for another tenant, and is for whoever sees all", () => {
    const store = aStore();
    run(store, "exe_1");
    expect(store.executions.find("other", "exe_1")).toBeUndefined();
    expect(store.executions.timeline("other", "exe_1")).toBeUndefined();
    expect(store.executions.find(undefined, "exe_1")).toBe(store.executions.find("t", "exe_1"));
  });

  test("begins once", () => {
    const store = aStore();
    store.executions.begin("t", aHead("exe_1"), "1");
    expect(() => store.executions.begin("t", aHead("exe_1"), "2")).toThrow("can't be used");
    expect(store.executions.unfinished().map(({ plan }) => plan)).toEqual(["1"]);
  });

  test("ends once, as the tenant's whose it is, and only if it began", () => {
    const store = aStore();
    const head = aHead("exe_1");
    const end = (tenant: string) => store.executions.finish(tenant, finished(head), aTimeline(), aReceipt());
    expect(() => end("t")).toThrow("not under way");
    store.executions.begin("t", head, "{}");
    expect(() => end("other")).toThrow("not under way");
    const told = end("t");
    expect(() => store.executions.fail("t", failed(head))).toThrow("not under way");
    expect(store.executions.find("t", "exe_1")).toBe(told);
  });

  test("that did not end is there to go on with, oldest first, until it ends", () => {
    const file = join(aFolder(), "cloche.db");
    const { executions } = aStore({ file });
    for (const [id, at] of [
      ["exe_2", NOW],
      ["exe_1", NOW],
      ["exe_3", NOW - 1],
      ["exe_4", NOW - 2],
    ] as const) {
      executions.begin("t", aHead(id, { at }), `{"of":"${id}"}`);
      executions.running(id);
    }
    executions.fail("t", failed(aHead("exe_4", { at: NOW - 2 })));
    const next = aStore({ file });
    expect(next.executions.unfinished()).toEqual(
      ["exe_3", "exe_1", "exe_2"].map((id) => ({
        tenant: "t",
        head: aHead(id, { at: id === "exe_3" ? NOW - 1 : NOW }),
        plan: `{"of":"${id}"}`,
      })),
    );
  });
});

describe("the age of executions", () => {
  test("takes those that ended before a time, and none that did not", () => {
    const store = aStore();
    run(store, "old", { at: NOW - 1000 });
    run(store, "new", { at: NOW });
    store.executions.begin("t", aHead("queued", { at: NOW - 1000 }), "{}");
    store.executions.begin("t", aHead("failed", { at: NOW - 1000 }), "{}");
    store.executions.fail("t", failed(aHead("failed", { at: NOW - 1000 })));
    expect(store.executions.prune(NOW)).toBe(2);
    expect(kept(store, "old", "new", "queued", "failed")).toEqual(["new", "queued"]);
  });
});

describe("the time that a policy keeps executions", () => {
  test("takes those that ended and are to be gone by then, and counts what they were", () => {
    const store = aStore({ maxBytes: 25_000 });
    for (const [id, keepUntil] of [
      ["short", NOW + 10],
      ["long", NOW + 20],
      ["running", NOW + 10],
      ["any", undefined],
    ] as const) {
      store.executions.begin("t", aHead(id), "{}", { keepUntil });
      if (id === "running") continue;
      const ended = finished(aHead(id), { stdout: "x".repeat(4000) });
      store.executions.finish("t", ended, aTimeline(), aReceipt());
    }
    const all = ["short", "long", "running", "any"] as const;
    expect(store.executions.pruneKept(NOW + 9)).toBe(0);
    expect(store.executions.pruneKept(NOW + 10)).toBe(1);
    expect(kept(store, ...all)).toEqual(["long", "running", "any"]);
    // Their room is free again: what fits now is not dropped for it.
    run(store, "next", { stdout: "x".repeat(8000) });
    expect(kept(store, ...all, "next")).toEqual(["long", "running", "any", "next"]);
  });
});

describe("the size of executions", () => {
  const large = { stdout: "x".repeat(10_000) };

  test("is bounded: the oldest go first, at once, also in the next process", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file, maxBytes: 25_000 });
    for (const n of [1, 2, 3]) run(store, `exe_${n}`, { at: NOW + n, ...large });
    expect(kept(store, "exe_1", "exe_2", "exe_3")).toEqual(["exe_2", "exe_3"]);
    const again = aStore({ file, maxBytes: 25_000 });
    run(again, "exe_4", { at: NOW + 4, ...large });
    expect(kept(again, "exe_2", "exe_3", "exe_4")).toEqual(["exe_3", "exe_4"]);
  });

  test("holds from the start where the bound was made lower", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    for (const n of [1, 2, 3]) run(store, `exe_${n}`, { at: NOW + n, ...large });
    expect(kept(aStore({ file, maxBytes: 25_000 }), "exe_1", "exe_2", "exe_3")).toEqual(["exe_2", "exe_3"]);
  });

  test("counts timelines", () => {
    const store = aStore({ maxBytes: 25_000 });
    for (const n of [1, 2, 3]) {
      const head = aHead(`exe_${n}`, { at: NOW + n });
      store.executions.begin("t", head, "{}");
      store.executions.finish("t", finished(head), aTimeline("é".repeat(5000)), aReceipt());
    }
    expect(kept(store, "exe_1", "exe_2", "exe_3")).toEqual(["exe_2", "exe_3"]);
  });

  test("counts plans until their end, and drops nothing that is not finished", () => {
    const store = aStore({ maxBytes: 25_000 });
    run(store, "exe_1", { at: NOW + 5, ...large });
    for (const n of [2, 3, 4]) {
      store.executions.begin("t", aHead(`exe_${n}`, { at: NOW + n }), "x".repeat(10_000));
    }
    expect(kept(store, "exe_1", "exe_2", "exe_3", "exe_4")).toEqual(["exe_2", "exe_3", "exe_4"]);
    for (const n of [2, 3, 4]) {
      store.executions.finish("t", finished(aHead(`exe_${n}`, { at: NOW + n })), aTimeline(), aReceipt());
    }
    run(store, "exe_5", { at: NOW + 5, ...large });
    expect(kept(store, "exe_2", "exe_3", "exe_4", "exe_5")).toHaveLength(4);
  });

  test("an execution larger than all the room is kept: it is about to be acknowledged", () => {
    const store = aStore({ maxBytes: 5000 });
    for (const n of [1, 2]) run(store, `exe_${n}`, { at: NOW - n, ...large });
    expect(kept(store, "exe_1", "exe_2")).toEqual(["exe_2"]);
  });

  test("is right again after much went for its age", () => {
    const store = aStore({ maxBytes: 25_000 });
    for (const n of [1, 2]) run(store, `exe_${n}`, { at: NOW + n, ...large });
    expect(store.executions.prune(NOW + 3)).toBe(2);
    for (const n of [3, 4]) run(store, `exe_${n}`, { at: NOW + n, ...large });
    expect(kept(store, "exe_3", "exe_4")).toHaveLength(2);
  });
});
