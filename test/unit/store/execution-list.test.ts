import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { executionSummarySchema } from "../../../src/domain/execution.ts";
import type { ExecutionQuery } from "../../../src/engine/ports/stores.ts";
import { executionSource, toExecutionListing } from "../../../src/store/execution-list.ts";
import { toPageSql } from "../../../src/store/pages.ts";
import type { SqliteStore } from "../../../src/store/sqlite-store.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, aReceipt, aTimeline, failed, finished, inSession, NOW } from "./records.ts";

interface Row {
  id: string;
  tenant: string;
  at: number;
  session: string | undefined;
  end: "queued" | "running" | "failed" | "ok" | "exception";
}

const put = ({ executions }: SqliteStore, { id, tenant, at, session, end }: Row) => {
  const head = aHead(id, { at, ...(session !== undefined && inSession(session)) });
  executions.begin(tenant, head, "{}");
  if (end !== "queued") executions.running(id);
  if (end === "failed") executions.fail(tenant, failed(head));
  if (end === "ok" || end === "exception") {
    executions.finish(tenant, finished(head, { outcome: end }), aTimeline(), aReceipt());
  }
};

const statusOf = ({ end }: Row) => (end === "ok" || end === "exception" ? "finished" : end);

const matches = (row: Row, tenant: string | undefined, query: ExecutionQuery) =>
  (tenant === undefined || row.tenant === tenant) &&
  (query.status === undefined || statusOf(row) === query.status) &&
  (query.outcome === undefined || row.end === query.outcome) &&
  (query.sessionId === undefined || row.session === query.sessionId) &&
  (query.createdAfter === undefined || row.at >= query.createdAfter) &&
  (query.createdBefore === undefined || row.at <= query.createdBefore);

const newestFirst = (rows: Row[]) =>
  rows.toSorted((a, b) => b.at - a.at || (a.id < b.id ? 1 : -1)).map(({ id }) => id);

/** All pages, one after another; `between` happens after each. */
const walk = (
  { executions }: SqliteStore,
  tenant: string | undefined,
  query: ExecutionQuery,
  between = () => {},
): string[] => {
  const ids: string[] = [];
  let cursor: string | undefined;
  do {
    const page = executions.list(tenant, { ...query, cursor });
    expect(page.items.length).toBeLessThanOrEqual(query.limit);
    ids.push(...page.items.map(({ id }) => id));
    between();
    cursor = page.nextCursor ?? undefined;
  } while (cursor !== undefined);
  return ids;
};

const times = fc.integer({ min: NOW, max: NOW + 5 });
const sessions = fc.constantFrom("ses_1", "ses_2");
const rowsOf = (prefix: string) =>
  fc
    .array(
      fc.record({
        tenant: fc.constantFrom("a", "b"),
        at: times,
        session: fc.option(sessions, { nil: undefined }),
        end: fc.constantFrom<Row["end"]>("queued", "running", "failed", "ok", "exception"),
      }),
      { maxLength: 25 },
    )
    .map((rows) => rows.map((row, index): Row => ({ ...row, id: `${prefix}_${index}` })));

const queries = fc.record(
  {
    limit: fc.integer({ min: 1, max: 7 }),
    status: fc.constantFrom("queued" as const, "running" as const, "finished" as const, "failed" as const),
    outcome: fc.constantFrom("ok" as const, "exception" as const, "time_limit" as const),
    sessionId: sessions,
    createdAfter: times,
    createdBefore: times,
  },
  { requiredKeys: ["limit"] },
);
const tenants = fc.constantFrom("a", "b", "c", undefined);

describe("a list of executions", () => {
  test("has, over its pages, each that matches once, newest first", () => {
    fc.assert(
      fc.property(rowsOf("exe"), tenants, queries, (rows, tenant, query) => {
        const store = aStore({ file: ":memory:" });
        for (const row of rows) put(store, row);
        const expected = newestFirst(rows.filter((row) => matches(row, tenant, query)));
        expect(walk(store, tenant, query)).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("keeps its pages while others come: none is twice, none that was there is left out", () => {
    fc.assert(
      fc.property(rowsOf("exe"), rowsOf("mid"), queries, (before, during, query) => {
        const store = aStore({ file: ":memory:" });
        for (const row of before) put(store, row);
        const coming = [...during];
        const ids = walk(store, "a", query, () => {
          const row = coming.shift();
          if (row) put(store, row);
        });
        expect(new Set(ids).size).toBe(ids.length);
        const expected = newestFirst(before.filter((row) => matches(row, "a", query)));
        expect(ids.filter((id) => id.startsWith("exe"))).toEqual(expected);
      }),
      { numRuns: 200 },
    );
  });

  test("has of each what a summary is", () => {
    const store = aStore();
    put(store, { id: "exe_1", tenant: "a", at: NOW, session: "ses_1", end: "exception" });
    put(store, { id: "exe_2", tenant: "b", at: NOW + 1, session: undefined, end: "running" });
    put(store, { id: "exe_3", tenant: "b", at: NOW + 2, session: undefined, end: "failed" });
    const { items } = store.executions.list(undefined, { limit: 3 });
    const nothing = { outcome: null, exitCode: null, wallMs: null };
    expect(items.map((item) => executionSummarySchema.parse(item))).toEqual([
      { ...aHead("exe_3", { at: NOW + 2 }), tenant: "b", status: "failed", ...nothing },
      { ...aHead("exe_2", { at: NOW + 1 }), tenant: "b", status: "running", ...nothing },
      {
        ...aHead("exe_1", inSession("ses_1")),
        tenant: "a",
        status: "finished",
        outcome: "exception",
        exitCode: 0,
        wallMs: 1.5,
      },
    ]);
  });

  test("goes on below a later bound than its cursor's, and never above an earlier one", () => {
    const store = aStore();
    for (const n of [1, 2, 3, 4]) {
      put(store, { id: `exe_${n}`, tenant: "a", at: NOW + n, session: undefined, end: "ok" });
    }
    const cursor = store.executions.list("a", { limit: 1 }).nextCursor ?? "";
    const ids = (createdBefore: number) =>
      store.executions.list("a", { limit: 9, cursor, createdBefore }).items.map(({ id }) => id);
    expect(ids(NOW + 9)).toEqual(["exe_3", "exe_2", "exe_1"]);
    expect(ids(NOW + 2)).toEqual(["exe_2", "exe_1"]);
  });

  test("refuses a cursor that is not one", () => {
    const { executions } = aStore();
    expect(() => executions.list("a", { limit: 1, cursor: "x" })).toThrow("not one of ours");
  });
});

describe("what a list reads", () => {
  const file = () => {
    const path = join(aFolder(), "cloche.db");
    aStore({ file: path });
    const database = new DatabaseSync(path);
    onTestFinished(() => database.close());
    return database;
  };
  const filters: Partial<ExecutionQuery>[] = [
    {},
    { status: "queued" },
    { status: "running" },
    { status: "finished" },
    { status: "failed" },
    { outcome: "ok" },
    { outcome: "ok", status: "finished" },
    { sessionId: "ses_1" },
    { sessionId: "ses_1", status: "finished" },
    { sessionId: "ses_1", outcome: "ok" },
  ];

  test.each(filters.flatMap((filter) => [[undefined, filter] as const, ["a", filter] as const]))(
    "for tenant %s and %j is one stretch of an index, in order",
    (tenant, filter) => {
      const listing = toExecutionListing(tenant, { limit: 1, ...filter }, new Set());
      if (!listing) throw new Error("nothing would match");
      const plan = file()
        .prepare(`EXPLAIN QUERY PLAN ${toPageSql(executionSource, listing)}`)
        .all();
      const steps = plan.map((step) => String(step["detail"]));
      expect(steps[0]).toMatch(`SEARCH executions USING INDEX ${listing.index} (`);
      expect(steps[0]).toContain("created_at>?");
      expect(steps[0]).toContain("(created_at,id)<(?,?)");
      // The set of those that run is the only other thing that is looked at.
      for (const step of steps) expect(step).not.toMatch(/SCAN executions|TEMP B-TREE FOR ORDER/);
    },
  );
});
