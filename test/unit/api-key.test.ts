import { chmodSync, mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { loadApiKey } from "../../src/api-key.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-key-"));
});
afterEach(() => rmSync(folder, { recursive: true }));

test("is made once, for its user only, and read from then on", () => {
  const file = join(folder, "api-key");
  const first = loadApiKey(file, true);
  expect(first.created).toBe(true);
  expect(first.key.reveal()).toMatch(/^clo_[\w-]{43}$/);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const second = loadApiKey(file, true);
  expect(second.created).toBe(false);
  expect(second.key.reveal()).toBe(first.key.reveal());
});

test("a file that others can read is refused", () => {
  const file = join(folder, "api-key");
  loadApiKey(file, true);
  chmodSync(file, 0o640);
  expect(() => loadApiKey(file, true)).toThrow("chmod 600");
});

test.each(["", "short", "two words that are long enough"])("a file with %j in it is refused", (content) => {
  const file = join(folder, "api-key");
  writeFileSync(file, content, { mode: 0o600 });
  expect(() => loadApiKey(file, true)).toThrow("must hold one API key");
});

test("a file that was named and isn't there is an error, not a new key", () => {
  expect(() => loadApiKey(join(folder, "named"), false)).toThrow("CLOCHE_API_KEY_FILE");
});
