import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { executionSchema, executionSummarySchema } from "../../../src/domain/execution.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, finished, NOW } from "./records.ts";

/** As it was released. */
const first = `
  CREATE TABLE executions (
    id TEXT PRIMARY KEY,
    tenant TEXT NOT NULL,
    created_at INTEGER NOT NULL,
    outcome TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    body TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX executions_by_age ON executions (created_at, id, bytes);
  CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;
  PRAGMA user_version=1;`;

const change = { stdout: 'a\u0000é\ud800 "\\/ 😀' };

/** As the first version stored it, without what came with the second. */
const toFirst = (id: string, at: number, killedBy: string | null) => {
  const { status, action, observation, ...rest } = finished(aHead(id, { at }), change);
  const { kind, ...oldAction } = action;
  const { results, evidence, denied, ...oldObservation } = observation;
  const { interrupted, endedBy, ...oldEvidence } = evidence;
  return JSON.stringify({
    ...rest,
    action: oldAction,
    observation: { ...oldObservation, evidence: { ...oldEvidence, killedBy } },
  });
};

const aFirstFile = (ids: string[], killedBy: string | null = null) => {
  const file = join(aFolder(), "cloche.db");
  const database = new DatabaseSync(file);
  database.exec(`PRAGMA auto_vacuum=INCREMENTAL; PRAGMA journal_mode=WAL; ${first}`);
  const insert = database.prepare("INSERT INTO executions VALUES (?, 't', ?, 'ok', ?, ?)");
  for (const [index, id] of ids.entries()) {
    const body = toFirst(id, NOW + index, killedBy);
    insert.run(id, NOW + index, Buffer.byteLength(body), body);
  }
  database.close();
  return file;
};

const size = (value: object) => Buffer.byteLength(JSON.stringify(value));

const schemaOf = (file: string) => {
  const database = new DatabaseSync(file);
  const rows = database.prepare("SELECT type, name, sql FROM sqlite_schema ORDER BY name").all();
  database.close();
  return rows;
};

describe("a store of the first version", () => {
  test("is read on: what was stored is a finished execution, to the byte of its output", () => {
    const { executions } = aStore({ file: aFirstFile(["exe_1", "exe_2"]) });
    const found = executionSchema.parse(JSON.parse(executions.find("t", "exe_1") ?? "null"));
    expect(found).toEqual(finished(aHead("exe_1"), change));
    expect(executions.find("other", "exe_1")).toBeUndefined();
    expect(executions.timeline("t", "exe_1")).toBeUndefined();
    expect(executions.unfinished()).toEqual([]);
  });

  test.each([
    [null, "process"],
    ["wall", "process"],
    ["service", "service"],
    ["kernel_memory", "service"],
  ])("tells of what %s ended that the %s said so", (killedBy, endedBy) => {
    const { executions } = aStore({ file: aFirstFile(["exe_1"], killedBy) });
    const { observation } = executionSchema.parse(JSON.parse(executions.find("t", "exe_1") ?? "null"));
    expect(observation.evidence).toMatchObject({ killedBy, endedBy, interrupted: false });
  });

  test("is listed", () => {
    const { executions } = aStore({ file: aFirstFile(["exe_1", "exe_2"]) });
    const { items } = executions.list("t", { limit: 9, outcome: "ok" });
    expect(items.map((item) => executionSummarySchema.parse(item))).toEqual(
      ["exe_2", "exe_1"].map((id) => ({
        ...aHead(id, { at: id === "exe_2" ? NOW + 1 : NOW }),
        tenant: "t",
        status: "finished",
        outcome: "ok",
        exitCode: 0,
        wallMs: 1.5,
      })),
    );
  });

  test("keeps its bounds of age and size", () => {
    const file = aFirstFile(["exe_1", "exe_2", "exe_3"]);
    const kept = ({ executions }: ReturnType<typeof aStore>) =>
      executions.list("t", { limit: 9 }).items.map(({ id }) => id);
    const bytes = size(finished(aHead("exe_2"), change)) + size(aHead("exe_2"));
    const store = aStore({ file, maxBytes: 2 * bytes });
    expect(kept(store)).toEqual(["exe_3", "exe_2"]);
    expect(store.executions.prune(NOW + 2)).toBe(1);
    expect(kept(store)).toEqual(["exe_3"]);
  });

  test("becomes what one made anew is", () => {
    const file = aFirstFile(["exe_1"]);
    const fresh = join(aFolder(), "fresh.db");
    aStore({ file });
    aStore({ file: fresh });
    expect(schemaOf(file)).toEqual(schemaOf(fresh));
  });

  test("stays as it was where it can't be brought forward", () => {
    const file = aFirstFile(["exe_1"]);
    const database = new DatabaseSync(file);
    database.exec("UPDATE executions SET body = 'no JSON'");
    const before = schemaOf(file);
    expect(() => aStore({ file })).toThrow("can't be used");
    expect(schemaOf(file)).toEqual(before);
    expect(database.prepare("PRAGMA user_version").get()).toEqual({ user_version: 1 });
    database.close();
  });
});

test("a store of a newer version is refused, not changed", () => {
  const file = join(aFolder(), "newer.db");
  const database = new DatabaseSync(file);
  database.exec("PRAGMA user_version=99");
  database.close();
  expect(() => aStore({ file })).toThrow("newer version");
  expect(schemaOf(file)).toEqual([]);
});
