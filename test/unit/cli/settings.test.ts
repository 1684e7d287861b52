import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { readSettings } from "../../../src/cli/settings.ts";
import { aFolder } from "./run-in-test.ts";

const none = {
  url: undefined,
  "key-file": undefined,
  json: false,
  "no-color": false,
  help: false,
  version: false,
};
const read = (
  env: Record<string, string>,
  more: { url?: string; "key-file"?: string } = {},
  cwd = aFolder(),
) => readSettings({ ...none, ...more }, { env, cwd });

const folderWithKey = () => {
  const cwd = aFolder();
  mkdirSync(join(cwd, ".cloche"));
  writeFileSync(join(cwd, ".cloche/api-key"), "of-this-folder\n");
  writeFileSync(join(cwd, "other"), " of-another-file \n");
  return cwd;
};

describe("readSettings", () => {
  test("the address: --url before CLOCHE_URL before this host", () => {
    expect(read({}).url).toBe("http://127.0.0.1:8080");
    expect(read({ CLOCHE_URL: "" }).url).toBe("http://127.0.0.1:8080");
    expect(read({ CLOCHE_URL: "https://a.example/cloche/" }).url).toBe("https://a.example/cloche");
    expect(read({ CLOCHE_URL: "https://a.example" }, { url: "http://b.example" }).url).toBe(
      "http://b.example",
    );
  });

  test("the key: --key-file, CLOCHE_API_KEY, CLOCHE_KEY_FILE, the folder's, none", () => {
    const cwd = folderWithKey();
    const env = { CLOCHE_API_KEY: "of-env", CLOCHE_KEY_FILE: "other" };
    expect(read(env, { "key-file": "other" }, cwd).key).toBe("of-another-file");
    expect(read(env, {}, cwd).key).toBe("of-env");
    expect(read({ CLOCHE_KEY_FILE: "other" }, {}, cwd).key).toBe("of-another-file");
    expect(read({}, {}, cwd).key).toBe("of-this-folder");
    expect(read({}).key).toBeUndefined();
  });

  test("the folder's key is for a service on this host only", () => {
    const cwd = folderWithKey();
    for (const url of ["http://localhost:1", "http://[::1]:1", "http://127.9.9.9"]) {
      expect(read({}, { url }, cwd).key, url).toBe("of-this-folder");
    }
    for (const url of ["https://a.example", "http://127.0.0.1.example", "http://10.0.0.1"]) {
      expect(read({}, { url }, cwd).key, url).toBeUndefined();
    }
  });

  test.each([
    ["ftp://x", /CLOCHE_URL must be a http or https address/],
    ["nonsense", /CLOCHE_URL must be/],
    ["http://me:secret@x", /must not have a user name/],
    ["http://x/?a=1", /must not have a query/],
  ])("the address %s is refused", (CLOCHE_URL, message) => {
    expect(() => read({ CLOCHE_URL })).toThrow(message);
  });

  test("a key that is none is refused, and never shown", () => {
    expect(() => read({ CLOCHE_API_KEY: "two words" })).toThrow(/^CLOCHE_API_KEY must hold one API key/);
    expect(() => read({ CLOCHE_API_KEY: "a\nb" })).toThrow(/nothing else$/);
    expect(() => read({}, { "key-file": "missing" })).toThrow(/--key-file: .*missing: there is no such file/);
  });
});
