import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { describe, expect, onTestFinished, test } from "vitest";
import { type Session, sessionStates } from "../../../src/domain/session.ts";
import { toTermination } from "../../../src/domain/termination.ts";
import type { SessionQuery } from "../../../src/engine/ports/stores.ts";
import { toPageSql } from "../../../src/store/pages.ts";
import { sessionSource, toSessionListing } from "../../../src/store/session-list.ts";
import { someFacts } from "../../support/fake-runtime.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aSession, NOW } from "./records.ts";

const ended = (id: string, at: number): Session =>
  aSession(id, { state: "ended", termination: toTermination("idle", "60 s without use", at) });

const stored = (session: Session) => ({ session, containerId: "c", env: { A: "1" }, facts: someFacts() });

describe("a session", () => {
  test("is found as it was saved last", () => {
    const { sessions } = aStore();
    sessions.save(stored(aSession("ses_1", { state: "idle", metadata: { a: "\u0000é" } })));
    const last = aSession("ses_1", { state: "busy", sequence: 3, metadata: { a: "\u0000é" } });
    sessions.save(stored(last));
    expect(sessions.find("t", "ses_1")).toEqual(last);
    expect(sessions.find(undefined, "ses_1")).toEqual(last);
    expect(sessions.find("other", "ses_1")).toBeUndefined();
  });

  test("that lives is there to be adopted by the next process; one that ended is not", () => {
    const file = join(aFolder(), "cloche.db");
    const { sessions } = aStore({ file });
    const live = aSession("ses_1");
    sessions.save(stored(live));
    sessions.save({ ...stored(aSession("ses_2")), containerId: null });
    sessions.save(stored(aSession("ses_3")));
    sessions.save(stored(ended("ses_3", NOW)));
    expect(aStore({ file }).sessions.live()).toEqual([
      stored(live),
      { ...stored(aSession("ses_2")), containerId: null },
    ]);
  });

  test("that ended leaves nothing of its env", () => {
    const file = join(aFolder(), "cloche.db");
    const { sessions } = aStore({ file });
    sessions.save(stored(aSession("ses_1")));
    sessions.save(stored(ended("ses_1", NOW)));
    const database = new DatabaseSync(file);
    onTestFinished(() => database.close());
    expect(database.prepare("SELECT env FROM sessions").get()).toEqual({ env: "{}" });
  });

  test("goes when it ended before a time, never while it lives", () => {
    const { sessions } = aStore();
    sessions.save(stored(ended("ses_1", NOW - 1)));
    sessions.save(stored(ended("ses_2", NOW)));
    sessions.save(stored(aSession("ses_3", { createdAt: new Date(NOW - 9999).toISOString() })));
    expect(sessions.prune(NOW)).toBe(1);
    expect(sessions.list("t", { limit: 9 }).items.map(({ id }) => id)).toEqual(["ses_2", "ses_3"]);
  });
});

describe("a list of sessions", () => {
  const rows = fc
    .array(
      fc.record({
        tenant: fc.constantFrom("a", "b"),
        state: fc.constantFrom(...sessionStates),
        cohortId: fc.constantFrom("coh_1", "coh_2", null),
        at: fc.integer({ min: NOW, max: NOW + 5 }),
      }),
      { maxLength: 25 },
    )
    .map((list) =>
      list.map(({ at, ...rest }, index) =>
        aSession(`ses_${index}`, { ...rest, createdAt: new Date(at).toISOString() }),
      ),
    );
  const queries = fc.record(
    {
      limit: fc.integer({ min: 1, max: 7 }),
      state: fc.constantFrom(...sessionStates),
      cohortId: fc.constantFrom("coh_1", "coh_2"),
      createdAfter: fc.integer({ min: NOW, max: NOW + 5 }),
      createdBefore: fc.integer({ min: NOW, max: NOW + 5 }),
    },
    { requiredKeys: ["limit"] },
  );

  test("has, over its pages, each that matches once, newest first", () => {
    fc.assert(
      fc.property(rows, fc.constantFrom("a", "b", undefined), queries, (all, tenant, query) => {
        const { sessions } = aStore({ file: ":memory:" });
        for (const session of all) sessions.save(stored(session));
        const found: Session[] = [];
        let cursor: string | undefined;
        do {
          const page = sessions.list(tenant, { ...query, cursor });
          found.push(...page.items);
          cursor = page.nextCursor ?? undefined;
        } while (cursor !== undefined);
        const expected = all.filter(
          (session) =>
            (tenant === undefined || session.tenant === tenant) &&
            (query.state === undefined || session.state === query.state) &&
            (query.cohortId === undefined || session.cohortId === query.cohortId) &&
            Date.parse(session.createdAt) >= (query.createdAfter ?? 0) &&
            Date.parse(session.createdAt) <= (query.createdBefore ?? Number.POSITIVE_INFINITY),
        );
        const position = ({ createdAt, id }: Session) => `${createdAt} ${id}`;
        expect(found).toEqual(expected.toSorted((a, b) => (position(a) < position(b) ? 1 : -1)));
      }),
      { numRuns: 200 },
    );
  });

  const filters: Partial<SessionQuery>[] = [{}, { state: "idle" }, { cohortId: "coh_1" }];

  test.each(filters.flatMap((filter) => [[undefined, filter] as const, ["a", filter] as const]))(
    "for tenant %s and %j is one stretch of an index, in order",
    (tenant, filter) => {
      const file = join(aFolder(), "cloche.db");
      aStore({ file });
      const database = new DatabaseSync(file);
      onTestFinished(() => database.close());
      const listing = toSessionListing(tenant, { limit: 1, ...filter });
      const plan = database.prepare(`EXPLAIN QUERY PLAN ${toPageSql(sessionSource, listing)}`).all();
      expect(plan).toHaveLength(1);
      expect(plan[0]?.["detail"]).toMatch(/^SEARCH sessions USING INDEX .*created_at>\?.*\(\?,\?\)/);
    },
  );
});
