/** Stores in folders that go when the test is over. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { SqliteStore } from "../../../src/store/sqlite-store.ts";
import { ManualClock } from "../../support/manual-clock.ts";

export const aFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-store-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
};

interface Change {
  file?: string;
  maxBytes?: number;
  clock?: ManualClock;
}

/** Closed when the test is over. */
export const aStore = ({ file, maxBytes = 1_000_000_000, clock = new ManualClock() }: Change = {}) => {
  const store = new SqliteStore({
    file: file ?? join(aFolder(), "cloche.db"),
    synchronous: "NORMAL",
    maxBytes,
    clock,
  });
  onTestFinished(() => store.close());
  return store;
};
