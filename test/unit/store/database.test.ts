import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, onTestFinished, test } from "vitest";
import { Database } from "../../../src/store/database.ts";
import { SqliteExecutionStore } from "../../../src/store/execution-store.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, aReceipt, aSession, aTimeline, finished, NOW } from "./records.ts";

const unavailable = (message: string) =>
  expect.objectContaining({ code: "store_unavailable", message, cause: expect.any(Error) });
const locked = unavailable("The store is locked by another program");
const full = unavailable("The store has no room left");

const claim = { tenant: "t", scope: "POST /v1/executions", key: "k", bodyHash: "h", ref: "exe_2" };

describe("a store that another program has locked", () => {
  const aLockedStore = () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    const head = aHead("exe_1");
    store.executions.begin("t", head, "{}");
    store.sessions.save({ session: aSession("ses_1"), containerId: "c", env: {}, facts: null });
    const other = new DatabaseSync(file);
    onTestFinished(() => other.close());
    other.exec("BEGIN EXCLUSIVE");
    return { store, head, unlock: () => other.exec("ROLLBACK") };
  };

  test("refuses what is to be kept, and does it once the lock is gone", () => {
    const { store, head, unlock } = aLockedStore();
    const key = { id: "key_1", name: "n", tenant: "t", role: "admin" as const, revokedAt: null };
    const writes = [
      () => store.executions.begin("t", aHead("exe_2"), "{}"),
      () => store.executions.finish("t", finished(head), aTimeline(), aReceipt()),
      () => store.sessions.save({ session: aSession("ses_2"), containerId: null, env: {}, facts: null }),
      () => store.idempotency.claim(claim),
      () => store.keys.save({ ...key, createdAt: head.createdAt }, "hash"),
      () => store.tenants.addUsage("t", "2026-11-23", { cpuMs: 1, bytes: 1 }),
      () => store.cohorts.save({ id: "coh_1", tenant: "t", createdAt: head.createdAt, sessionIds: [] }),
      () => store.executions.prune(NOW),
      () => store.check(),
    ];
    for (const write of writes) expect(write).toThrow(locked);
    unlock();
    expect(store.executions.unfinished().map(({ head: { id } }) => id)).toEqual(["exe_1"]);
    expect(store.sessions.live()).toHaveLength(1);
    expect(store.tenants.tenants()).toEqual([]);
    for (const write of writes) expect(write).not.toThrow();
  });

  test("is read on", () => {
    const { store } = aLockedStore();
    expect(store.executions.find("t", "exe_1")).toContain('"queued"');
    expect(store.executions.list("t", { limit: 1 }).items).toHaveLength(1);
    expect(store.sessions.find("t", "ses_1")?.state).toBe("idle");
  });
});

describe("a store without room", () => {
  const aFullDatabase = (maxBytes = 1_000_000_000) => {
    const database = new Database({ file: join(aFolder(), "cloche.db"), synchronous: "NORMAL" });
    onTestFinished(() => database.close());
    const executions = new SqliteExecutionStore(database, maxBytes);
    executions.begin("t", aHead("exe_1"), "{}");
    database.exec("PRAGMA max_page_count=1");
    return { executions, enlarge: () => database.exec("PRAGMA max_page_count=100000") };
  };
  const large = { stdout: "x".repeat(1_000_000) };
  const ids = (executions: SqliteExecutionStore) =>
    executions.list("t", { limit: 9 }).items.map(({ id }) => id);

  test("refuses what does not fit and has nothing of it", () => {
    const { executions, enlarge } = aFullDatabase();
    expect(() => executions.begin("t", aHead("exe_2"), "x".repeat(1_000_000))).toThrow(full);
    const end = () => executions.finish("t", finished(aHead("exe_1"), large), aTimeline(), aReceipt());
    expect(end).toThrow(full);
    expect(ids(executions)).toEqual(["exe_1"]);
    expect(executions.find("t", "exe_1")).toContain('"queued"');
    expect(executions.unfinished().map(({ plan }) => plan)).toEqual(["{}"]);
    enlarge();
    expect(JSON.parse(end())).toEqual(finished(aHead("exe_1"), large));
  });

  test("doesn't count what was refused", () => {
    const { executions, enlarge } = aFullDatabase(1_500_000);
    for (const _ of [1, 2, 3]) {
      expect(() => executions.begin("t", aHead("exe_2"), "x".repeat(1_000_000))).toThrow(full);
    }
    enlarge();
    executions.finish("t", finished(aHead("exe_1")), aTimeline(), aReceipt());
    executions.begin("t", aHead("exe_3", { at: NOW + 1 }), "x".repeat(1_000_000));
    expect(ids(executions)).toEqual(["exe_3", "exe_1"]);
  });
});

test("where files can't grow, all that was acknowledged is there, and nothing else", () => {
  const file = join(aFolder(), "cloche.db");
  const script = join(import.meta.dirname, "fill.ts");
  const shell = ["-c", 'ulimit -f 4000; exec "$0" "$@"', process.execPath, script, file];
  const told = JSON.parse(execFileSync("sh", shell, { encoding: "utf8" }));
  const { executions, sessions, idempotency, tenants } = aStore({ file });
  const finishedIds = executions.list("t", { limit: 10_000, status: "finished" }).items.map(({ id }) => id);
  const kept: Record<string, string[]> = {
    executions: finishedIds,
    sessions: sessions.live().map(({ session }) => session.id),
    claims: told.claims.acknowledged.filter((key: string) => {
      const again = idempotency.claim({ tenant: "t", scope: "s", key, bodyHash: "", ref: "other" });
      return !again.first && again.ref === key;
    }),
    usage: tenants.tenants(),
  };
  for (const [kind, ids] of Object.entries(kept)) {
    const { acknowledged, refusal } = told[kind];
    expect({ kind, refusal }).toEqual({ kind, refusal: "store_unavailable" });
    expect(acknowledged.length).toBeGreaterThan(10);
    expect(ids.toSorted()).toEqual(acknowledged.toSorted());
  }
});

test("a store that was closed refuses", () => {
  const database = new Database({ file: join(aFolder(), "cloche.db"), synchronous: "FULL" });
  const executions = new SqliteExecutionStore(database, 1000);
  database.close();
  expect(() => executions.find("t", "exe_1")).toThrow(unavailable("The store can't be used"));
});

test("a file that is no database is refused", () => {
  const file = join(aFolder(), "cloche.db");
  writeFileSync(file, "not a database, and long enough to be looked at as one".repeat(99));
  expect(() => aStore({ file })).toThrow(unavailable("The store can't be used"));
});
