import { mkdtempSync, rmSync } from "node:fs";
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
  store = new SqliteStore(join(folder, "cloche.db"), "NORMAL");
});
afterEach(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

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

const kept = (...ids: string[]) => ids.filter((id) => store.find("t", id) !== undefined);

describe("SqliteStore", () => {
  test("gives back what it was given, NUL bytes included, also to another process", () => {
    const execution = anExecution("exe_1", 0, "a\u0000é");
    store.save("t", execution);
    expect(store.find("t", "exe_1")).toEqual(execution);
    const other = new SqliteStore(join(folder, "cloche.db"), "FULL");
    expect(other.find("t", "exe_1")).toEqual(execution);
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
    expect(store.prune(1_800_000_000_000 - 500, Number.MAX_SAFE_INTEGER)).toBe(1);
    expect(kept("old", "new")).toEqual(["new"]);
  });

  test("prunes by size, the oldest first", () => {
    for (const n of [1, 2, 3]) store.save("t", anExecution(`exe_${n}`, 100 - n, "x".repeat(10_000)));
    expect(store.prune(0, 25_000)).toBe(1);
    expect(kept("exe_1", "exe_2", "exe_3")).toEqual(["exe_2", "exe_3"]);
  });

  test("a file of a newer version is refused, not changed", () => {
    const file = join(folder, "newer.db");
    const db = new DatabaseSync(file);
    db.exec("PRAGMA user_version=99");
    db.close();
    expect(() => new SqliteStore(file, "NORMAL")).toThrow("newer version");
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
