import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { loadPolicies } from "../../../../src/engine/catalog/load-policies.ts";
import { policiesFolder } from "../../../support/builders.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cloche-policies-"));
  cpSync(policiesFolder, folder, { recursive: true });
});
afterEach(() => rmSync(folder, { recursive: true }));

const edit = (from: string | RegExp, to: string) => {
  const file = join(folder, "default.yaml");
  const text = readFileSync(file, "utf8");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  writeFileSync(file, changed);
};

describe("loadPolicies", () => {
  test("reads the policies that ship", () => {
    expect(loadPolicies(folder).map(({ name }) => name)).toContain("default");
  });

  test.each([
    ["an unknown field", /^network: none/m, "netwrok: none", "netwrok"],
    ["a missing field", /^network: none$/m, "", "network"],
    ["an unknown network", /^network: none/m, "network: host", "network"],
    ["a required control that doesn't exist", "- seccomp", "- secomp", "require.0"],
    ["a limit that isn't a number", "wallMs: 30000", "wallMs: forever", "limits.wallMs"],
    ["file systems larger than the memory", "memoryMiB: 512", "memoryMiB: 128", "limits.memoryMiB"],
    ["another name than the file's", "name: default", "name: other", "name"],
    ["a field given twice", /^network: none/m, "network: none\nnetwork: none", "unique"],
  ])("%s is refused with the file and the field", (_, from, to, field) => {
    edit(from, to);
    expect(() => loadPolicies(folder)).toThrow(field);
  });

  test("the digest changes with the policy and with its system call list", () => {
    const before = loadPolicies(folder)[0]?.digest;
    edit("wallMs: 30000", "wallMs: 29999");
    const after = loadPolicies(folder)[0]?.digest;
    writeFileSync(join(folder, "seccomp", "std.json"), "{}");
    expect(new Set([before, after, loadPolicies(folder)[0]?.digest]).size).toBe(3);
  });

  test("a system call list that isn't there, broken YAML and another ending are refused by name", () => {
    writeFileSync(join(folder, "other.yml"), "");
    expect(() => loadPolicies(folder)).toThrow("policies/other.yml: must end in .yaml");
    rmSync(join(folder, "other.yml"));
    edit(/^syscalls: std/m, "syscalls: none");
    expect(() => loadPolicies(folder)).toThrow(
      "policies/default.yaml: syscalls: there is no policies/seccomp/none.json",
    );
    writeFileSync(join(folder, "default.yaml"), "a: [");
    expect(() => loadPolicies(folder)).toThrow(/^policies\/default.yaml: /);
  });

  test("no policy at all is an error, not an empty list", () => {
    const empty = mkdtempSync(join(tmpdir(), "cloche-policies-"));
    expect(() => loadPolicies(empty)).toThrow("no policy");
    rmSync(empty, { recursive: true });
  });
});
