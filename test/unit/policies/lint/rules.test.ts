/** Each rule with a policy that has its weakness, and as a control the same policy without it. */
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { leftOut } from "../../../../src/policies/lint/left-out-calls.ts";
import { lintPolicy } from "../../../../src/policies/lint/lint-policy.ts";
import { lintRules, suppressionRules } from "../../../../src/policies/lint/rules.ts";
import type { ResolvedPolicy } from "../../../../src/policies/read-folder.ts";
import { aChild, editedDefault, shippedText } from "../../../support/policy-folder.ts";

const images = ["python", "python-data", "python-test"];
const idsOf = (resolved: ResolvedPolicy) => lintPolicy(resolved, { images }).map(({ rule }) => rule);

const cell = (says: string) => aChild(`isolation: {tier: cell}\n${says}`);
const upstream = (change: string) =>
  aChild(`network: {broker: [{name: a, host: api.example.org, methods: [GET], paths: [/v1/*], ${change}}]}`);
const allows = (rule: string) => aChild(`syscalls: {add: [${rule}]}`);

/** What is weak, and the same in a way that is not. */
const planted: Record<string, [() => ResolvedPolicy, () => ResolvedPolicy]> = {
  CLP001: [() => editedDefault("  - seccomp\n", ""), () => aChild("")],
  CLP002: [() => editedDefault("  - cpus\n", ""), () => aChild("")],
  CLP003: [() => cell(""), () => cell("require: [landlock, landlock_scope]")],
  CLP004: [() => aChild(""), () => aChild("require: [landlock, landlock_scope]")],
  CLP005: [() => aChild("landlock: {scope: [signal]}"), () => aChild("")],
  CLP010: [() => allows("{names: [ptrace]}"), () => allows("{names: [ptrace], errno: 38}")],
  CLP011: [
    () => allows("{names: [clone]}"),
    () => allows("{names: [clone], args: [{index: 0, op: masked_equal, mask: 2114060288, value: 0}]}"),
  ],
  CLP012: [
    () => allows("{names: [socket], args: [{index: 2, op: equal, value: 0}]}"),
    () => allows("{names: [socket], args: [{index: 0, op: equal, value: 1}]}"),
  ],
  CLP014: [
    () => aChild("syscalls: {remove: [ptrace]}"),
    () => aChild("syscalls: {add: [{names: [getitimer]}], remove: [link, getitimer]}"),
  ],
  CLP015: [() => allows("{names: [shmget]}"), () => allows("{names: [shmget], errno: 38}")],
  CLP016: [
    () => allows("{names: [memfd_create]}"),
    () => allows("{names: [memfd_create], args: [{index: 1, op: masked_equal, mask: 8, value: 8}]}"),
  ],
  CLP020: [
    () => aChild("landlock: {write: [/workspace, /usr/local]}"),
    () => aChild("landlock: {write: [/workspace/a]}"),
  ],
  CLP021: [
    () => aChild("landlock: {readExecute: [/usr, /tmp/bin]}"),
    () => aChild("landlock: {readExecute: [/usr]}"),
  ],
  CLP022: [() => aChild("landlock: {write: [/workspace, /data]}"), () => aChild("")],
  CLP023: [
    () => aChild("landlock: {devices: [/dev/null, /dev/kvm]}"),
    () => aChild("landlock: {devices: [/dev/null]}"),
  ],
  CLP024: [() => aChild("landlock: {read: [/]}"), () => aChild("landlock: {read: [/etc]}")],
  CLP030: [() => upstream(""), () => aChild("network: none")],
  CLP031: [
    () => aChild("network: {broker: [{name: a, host: a.org, methods: [GET], paths: [/**]}]}"),
    () => upstream(""),
  ],
  CLP032: [
    () => aChild("network: {broker: [{name: a, host: 169.254.169.254, methods: [GET], paths: [/a]}]}"),
    () => upstream(""),
  ],
  CLP033: [
    () => aChild("network: {broker: [{name: a, host: a.org, methods: [GET], paths: [/a]}]}\ngrants: [key]"),
    () => upstream(""),
  ],
  CLP034: [() => aChild('environment: {allow: ["**"]}'), () => aChild('environment: {allow: ["APP_*"]}')],
  CLP035: [
    () => aChild("environment: {set: {API_KEY: x}}"),
    () => aChild("environment: {set: {KEYBOARD: x}}"),
  ],
  CLP040: [() => aChild("limits: {processes: 2000}"), () => aChild("limits: {processes: 1024}")],
  CLP041: [() => aChild("limits: {tmpMiB: 1}"), () => aChild("limits: {tmpMiB: 8}")],
  CLP042: [() => cell(""), () => aChild("isolation: {tier: cell, runtime: runsc}")],
  CLP043: [() => cell(""), () => cell("determinism: {seed: 0}")],
  CLP044: [() => aChild(""), () => aChild("retention: {hours: 24}")],
  CLP045: [() => aChild("images: [pyhton]"), () => aChild("images: [python]")],
};

describe("each rule", () => {
  const others = new Set<string>(Object.values(suppressionRules).map(({ id }) => id));
  // There is no tier of this name in every checkout: its rule has a test of its own.
  const told = lintRules.map(({ id }) => id).filter((id) => !others.has(id) && id !== "CLP013");

  test.each(told)("%s finds what is planted, and nothing without it", (id) => {
    const [weak, strong] = planted[id] ?? [];
    if (!weak || !strong) throw new Error(`${id} has no policy that it finds weak`);
    expect(idsOf(weak())).toContain(id);
    expect(idsOf(strong())).not.toContain(id);
  });

  test("CLP013 finds the tier compat", () => {
    const rule = lintRules.find(({ id }) => id === "CLP013");
    const std = aChild("");
    const compat = {
      ...std,
      policy: { ...std.policy, syscalls: { ...std.policy.syscalls, tier: "compat" } },
    };
    expect(rule?.check(compat, { images })).toHaveLength(1);
    expect(rule?.check(std, { images })).toEqual([]);
  });

  test.each([
    "mount",
    "unshare",
    "setns",
    "bpf",
    "io_uring_setup",
    "io_uring_enter",
    "keyctl",
    "userfaultfd",
    "perf_event_open",
    "process_vm_readv",
    "process_vm_writev",
    "open_by_handle_at",
    "pivot_root",
    "kexec_load",
    "init_module",
  ])("the call %s is an error, at the line that adds it", (name) => {
    const found = lintPolicy(allows(`{names: [${name}]}`), { images }).filter(
      ({ rule }) => rule === "CLP010",
    );
    expect(found).toMatchObject([{ severity: "error", place: { file: "policies/child.yaml", line: 4 } }]);
  });

  test.each(["/", "/usr", "/etc", "/proc", "/lib64/x"])("writing to %s is an error", (tree) => {
    const found = lintPolicy(aChild(`landlock: {write: [/workspace, ${tree}]}`), { images });
    expect(found.filter(({ rule }) => rule === "CLP020")).toHaveLength(1);
  });

  test.each([
    "DB_PASSWORD: x",
    "ACCESS_TOKEN: x",
    "X: AKIAABCDEFGHIJKLMNOP",
    "X: ghp_abcdefghijklmnopqrstuvwxyz",
    "X: 'postgres://u:p@host/db'",
  ])("%s is a secret, and is not told", (set) => {
    const found = lintPolicy(aChild(`environment: {set: {${set}}}`), { images });
    const [secret] = found.filter(({ rule }) => rule === "CLP035");
    expect(secret?.severity).toBe("error");
    expect(JSON.stringify(secret)).not.toMatch(/AKIA|ghp_|postgres/);
  });

  test("an image of a registry is not known, whatever images there are", () => {
    const found = lintPolicy(aChild("images: ['python:latest']"), { images: undefined });
    expect(found.map(({ rule }) => rule)).toContain("CLP045");
    expect(idsOf(aChild("images: [python]"))).not.toContain("CLP045");
  });
});

describe("the table of rules", () => {
  test("gives each id and name once, in order, with what to do about it", () => {
    const ids = lintRules.map(({ id }) => id);
    expect(ids).toEqual([...new Set(ids)].sort());
    expect(new Set(lintRules.map(({ name }) => name)).size).toBe(ids.length);
    for (const { summary, remedy } of lintRules) expect(`${summary}${remedy}`.length).toBeGreaterThan(30);
  });

  test("maps what is about security to the standards", () => {
    const all = lintRules.flatMap(({ standards }) => standards);
    for (const standard of all) expect(standard).toMatch(/^(CIS 5\.\d+|NIST \d\.\d\.\d|ASI\d\d)$/);
    for (const { id, severity, standards } of lintRules) {
      if (severity === "error") expect(standards.length, id).toBeGreaterThan(0);
    }
  });

  test("the calls that tiers leave out are those of the recipe, and each that is added is told of", () => {
    const recipe = parse(shippedText("seccomp/tiers.yaml"));
    const lists: { reason: string; names: string[] }[] = recipe.tiers.compat.exclude;
    expect(leftOut).toEqual(Object.fromEntries(lists.map(({ reason, names }) => [reason, names])));
    const all = Object.values(leftOut).flat();
    for (const { exclude } of Object.values<{ exclude: typeof lists }>(recipe.tiers)) {
      expect(all).toEqual(expect.arrayContaining(exclude.flatMap(({ names }) => names)));
    }
    const messages = lintPolicy(allows(`{names: [${all.join(", ")}]}`), { images })
      .filter(({ rule }) => ["CLP010", "CLP015"].includes(rule))
      .map(({ message }) => message);
    for (const name of all) expect(messages.filter((text) => text.startsWith(`${name} is`))).toHaveLength(1);
  });

  test("files in memory are no programs where nothing can be executed, or where one is sealed by its flags", () => {
    const found = (syscalls: string) =>
      idsOf(aChild(`syscalls: ${syscalls}`)).filter((id) => id === "CLP016");
    expect(found("{add: [{names: [memfd_create]}], remove: [execve]}")).toEqual([]);
    expect(found("{add: [{names: [memfd_create, execveat]}], remove: [execve]}")).toHaveLength(1);
    const sealed = "args: [{index: 1, op: equal, value: 8}]";
    expect(found(`{add: [{names: [memfd_create], ${sealed}}]}`)).toEqual([]);
    const open = "args: [{index: 1, op: equal, value: 1}]";
    expect(found(`{add: [{names: [memfd_create], ${open}}]}`)).toHaveLength(1);
  });
});
