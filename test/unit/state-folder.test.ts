import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { claimFolder } from "../../src/state-folder.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-folder-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is made for its user only, and made so where it was there already", () => {
  const state = join(folder, "state");
  claimFolder(state);
  claimFolder(state);
  expect(statSync(state).mode & 0o777).toBe(0o700);
});

test.each([
  ["without a parent", () => join(folder, "no", "state")],
  ["below a file", () => join(folder, "file", "state")],
  ["in a file system that makes none", () => "/proc/cloche"],
])("%s it is an error that names the setting", (_, path) => {
  writeFileSync(join(folder, "file"), "");
  expect(() => claimFolder(path())).toThrow("CLOCHE_STATE_DIR");
});
