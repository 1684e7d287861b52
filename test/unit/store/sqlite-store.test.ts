import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Execution } from "../../../src/domain/execution.ts";
import { observe } from "../../../src/engine/observe.ts";
import { claimInstance } from "../../../src/store/instance.ts";
import { SqliteStore } from "../../../src/store/sqlite-store.ts";
import { aReport } from "../../support/fake-runtime.ts";

let folder: string;
let store: SqliteStore;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-store-"));
  store = open("NORMAL");
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const open = (synchronous: "NORMAL" | "FULL", file = join(folder, "cloche.db"), maxBytes = 25_000) =>
  new SqliteStore({ file, synchronous, maxBytes });

const anExecution = (id: string, ageMs = 0, stdout = ""): Execution => ({
  id,
  createdAt: new Date(1_800_000_000_000 - ageMs).toISOString(),
  action: {
    sha256: "0",
    image: { name: "python", digest: "sha256:1" },
    policy: { name: "default", digest: "sha256:2" },
  },
  tier: "container",
  observation: observe(aReport(stdout)),
  timings: { queuedMs: 0, acquireMs: 0, runMs: 0, totalMs: 0 },
});

const found = (from: SqliteStore, id: string) => JSON.parse(from.find("t", id) ?? "null");

const kept = (...ids: string[]) => ids.filter((id) => store.find("t", id) !== undefined);

describe("SqliteStore", () => {
  test("gives back what it was given, NUL bytes included, also to another process", () => {
    const execution = anExecution("exe_1", 0, "a\u0000é");
    expect(JSON.parse(store.save("t", execution))).toEqual(execution);
    expect(found(store, "exe_1")).toEqual(execution);
    const other = open("FULL");
    expect(found(other, "exe_1")).toEqual(execution);
    other.close();
  });

  test("one tenant doesn't find another's execution", () => {
    store.save("t", anExecution("exe_1"));
    expect(store.find("other", "exe_1")).toBeUndefined();
  });

  test("an id can't be saved twice", () => {
    store.save("t", anExecution("exe_1"));
    expect(() => store.save("t", anExecution("exe_1"))).toThrow("could not be stored");
  });

  test("prunes by age", () => {
    for (const [id, age] of [
      ["old", 1000],
      ["new", 10],
    ] as const)
      store.save("t", anExecution(id, age));
    expect(store.prune(1_800_000_000_000 - 500)).toBe(1);
    expect(kept("old", "new")).toEqual(["new"]);
  });

  test("holds no more than it may: the oldest go first, at once", () => {
    for (const n of [1, 2, 3]) store.save("t", anExecution(`exe_${n}`, 100 - n, "x".repeat(10_000)));
    expect(kept("exe_1", "exe_2", "exe_3")).toEqual(["exe_2", "exe_3"]);
    const again = open("NORMAL");
    again.save("t", anExecution("exe_4", 0, "x".repeat(10_000)));
    expect(kept("exe_2", "exe_3", "exe_4")).toEqual(["exe_3", "exe_4"]);
    again.close();
  });

  test("gives room on the disk back", () => {
    const large = open("NORMAL", join(folder, "large.db"), 1_000_000_000);
    for (let n = 0; n < 50; n += 1) large.save("t", anExecution(`exe_${n}`, 0, "x".repeat(100_000)));
    large.prune(0);
    const before = statSync(join(folder, "large.db")).size;
    expect(before).toBeGreaterThan(5_000_000);
    expect(large.prune(1_900_000_000_000)).toBe(50);
    expect(statSync(join(folder, "large.db")).size).toBeLessThan(before / 10);
    large.close();
  });

  test("says when it can't be written", () => {
    store.check();
    const reader = new DatabaseSync(join(folder, "cloche.db"));
    reader.exec("DROP TABLE probe");
    reader.close();
    expect(() => store.check()).toThrow("can't be written");
  });

  test("a file of a newer version is refused, not changed", () => {
    const file = join(folder, "newer.db");
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version=99");
    db.close();
    expect(() => open("NORMAL", file)).toThrow("newer version");
  });
});

describe("claimInstance", () => {
  test("a state folder belongs to one process at a time and keeps its id", () => {
    const first = claimInstance(folder);
    expect(() => claimInstance(folder)).toThrow("Another Cloche is running");
    first.release();
    const second = claimInstance(folder);
    expect(second.id).toBe(first.id);
    second.release();
  });
});
