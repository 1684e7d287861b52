import { describe, expect, test } from "vitest";
import { explainPolicy } from "../../../../src/policies/explain/explain-policy.ts";
import { questionSchema } from "../../../../src/policies/explain/question.ts";
import type { ResolvedPolicy } from "../../../../src/policies/read-folder.ts";
import { aChild, aPolicyFolder, resolvedIn, shippedText } from "../../../support/policy-folder.ts";

const ask = (policy: ResolvedPolicy, question: object) => {
  const answer = explainPolicy(policy, questionSchema.parse(question));
  return {
    ...answer,
    why: answer.reasons.map(({ says }) => says).join("; "),
    at: answer.reasons.map(({ place }) => place && `${place.file}:${place.line}`),
  };
};

const base = resolvedIn(aPolicyFolder(), "default");

const lineOf = (file: string, part: string) =>
  `policies/${file}:${
    shippedText(file)
      .split("\n")
      .findIndex((line) => line.includes(part)) + 1
  }`;

describe("system calls", () => {
  test("one that the tier lists is allowed, at its line", () => {
    const { allowed, at } = ask(base, { about: "syscall", name: "getrandom" });
    expect({ allowed, at }).toEqual({ allowed: true, at: [lineOf("seccomp/std.yaml", "getrandom,")] });
  });

  test("one with conditions is allowed under them, and denied where they do not hold", () => {
    expect(ask(base, { about: "syscall", name: "socket" })).toMatchObject({
      allowed: true,
      says: "socket is allowed under conditions",
    });
    const inet = {
      about: "syscall",
      name: "socket",
      args: [
        { index: 0, value: 2 },
        { index: 2, value: 6 },
      ],
    };
    expect(ask(base, inet)).toMatchObject({ allowed: true, says: "socket is allowed" });
    const alg = { about: "syscall", name: "socket", args: [{ index: 0, value: 38 }] };
    expect(ask(base, alg)).toMatchObject({ allowed: false });
    expect(ask(base, alg).why).toContain("only where argument 0 is 1");
  });

  test("masks are applied to what is known", () => {
    const clone = (flags: number) =>
      ask(base, { about: "syscall", name: "clone", args: [{ index: 0, value: flags }] }).allowed;
    expect(clone(0x0000_0100)).toBe(true);
    expect(clone(0x1000_0000)).toBe(false);
  });

  test("where arguments are refused of an allowed one, that is told, and denied where they are known", () => {
    const kill = (...args: object[]) => ask(base, { about: "syscall", name: "kill", args });
    expect(kill()).toMatchObject({ allowed: true, says: "kill is allowed under conditions" });
    expect(kill().why).toContain("but not where argument 0 & 4294967295 is 1 and argument 1 is not 0");
    expect(kill({ index: 0, value: 7 })).toMatchObject({ allowed: true, says: "kill is allowed" });
    const [launcher, end] = [
      { index: 0, value: 1 },
      { index: 1, value: 9 },
    ];
    expect(kill(launcher, end)).toMatchObject({ allowed: false });
    expect(kill(launcher, end).why).toContain("fails with error 1");
  });

  test("one that nobody lists is denied at the tier's line, a removed one where it is removed", () => {
    expect(ask(base, { about: "syscall", name: "ptrace" })).toMatchObject({
      allowed: false,
      at: [lineOf("default.yaml", "tier: std")],
    });
    const without = aChild("syscalls:\n  remove: [link]");
    expect(ask(without, { about: "syscall", name: "link" })).toMatchObject({
      allowed: false,
      at: ["policies/child.yaml:5"],
    });
  });

  test("one that fails in its own way is denied with that error", () => {
    expect(ask(base, { about: "syscall", name: "clone3" })).toMatchObject({ allowed: false });
    expect(ask(base, { about: "syscall", name: "clone3" }).why).toContain("error 38");
  });
});

describe("files", () => {
  test.each([
    ["write", "/tmp/x", true],
    ["write", "/workspace", true],
    ["write", "/dev/null", true],
    ["write", "/etc/passwd", false],
    ["write", "/tmp/../etc/passwd", false],
    ["write", "/tmpfile", false],
    ["read", "/etc/passwd", true],
    ["read", "/usr/lib/x.so", true],
    ["read", "/tmp/x", true],
    ["read", "/root/.ssh/id", false],
    ["exec", "/usr/bin/python3", true],
    ["exec", "/tmp/x", false],
    ["exec", "/etc/x", false],
  ])("%s %s: %s", (about, path, allowed) => {
    expect(ask(base, { about, path }).allowed).toBe(allowed);
  });

  test("where Landlock allows what the mounts don't, the mounts decide", () => {
    const wide = aChild("landlock: {write: [/], readExecute: [/]}");
    expect(ask(wide, { about: "write", path: "/etc/passwd" })).toMatchObject({
      allowed: false,
      why: "the root file system is read-only",
    });
    expect(ask(wide, { about: "exec", path: "/tmp/x" })).toMatchObject({
      allowed: false,
      why: "/tmp is mounted noexec",
    });
  });

  test("where only Landlock refuses, it is told whether Landlock is required", () => {
    expect(ask(base, { about: "read", path: "/root" }).why).toContain("landlock is not required");
    const strict = aChild("require: [landlock]");
    expect(ask(strict, { about: "read", path: "/root" }).why).not.toContain("not required");
  });

  test("the line is that of the tree, and of the size", () => {
    expect(ask(base, { about: "write", path: "/tmp/x" }).at).toEqual([
      lineOf("default.yaml", "write: ["),
      lineOf("default.yaml", "tmpMiB"),
    ]);
  });
});

describe("what neither Landlock nor a mount says", () => {
  test.each([
    ["/proc/kcore", "masked in every sandbox"],
    ["/proc/acpi/x", "masked in every sandbox"],
    ["/proc/1/mem", "process 1 is the launcher, which is hidden"],
    ["/proc/1/task/1/environ", "process 1 is the launcher, which is hidden"],
    ["//proc//1/../1/fd/3", "process 1 is the launcher, which is hidden"],
  ])("%s can't be read", (path, why) => {
    const answer = ask(base, { about: "read", path });
    expect(answer).toMatchObject({ allowed: false, says: expect.stringContaining("can't be read") });
    expect(answer.why).toContain(why);
  });

  test.each([
    ["/etc/shadow", "whether the file is there and its mode are the image's"],
    ["/proc/cpuinfo", "whether the file is there and its mode are the kernel's"],
    ["/proc/17/maps", "hidden processes refuse"],
    ["/proc/1/status", "hidden processes refuse"],
  ])("of %s it is told what can't be known", (path, why) => {
    const answer = ask(base, { about: "read", path });
    expect(answer).toMatchObject({
      allowed: true,
      says: `${path} may be read as far as Landlock and mounts go`,
    });
    expect(answer.why).toContain(why);
  });

  test("what code makes itself, and devices, are there", () => {
    for (const path of ["/tmp/x", "/dev/null"]) {
      expect(ask(base, { about: "read", path }).says).toBe(`${path} may be read`);
    }
  });

  test("a file in memory is executed by its descriptor, where the policy has memfd_create", () => {
    const question = { about: "exec", path: "/proc/self/fd/3" };
    expect(ask(base, question)).toMatchObject({ allowed: false });
    expect(ask(base, question).why).toContain("ask for that one's path");
    const policy = aChild("syscalls:\n  add: [{names: [memfd_create]}]");
    expect(ask(policy, question)).toMatchObject({ allowed: true, at: ["policies/child.yaml:5"] });
    const other = ask(policy, { about: "exec", path: "/tmp/x" });
    expect(other).toMatchObject({ allowed: false, why: expect.stringContaining("as /proc/self/fd/N") });
  });
});

describe("connections", () => {
  test("there are none but to itself", () => {
    expect(ask(base, { about: "connect", host: "1.2.3.4", port: 443 })).toMatchObject({
      allowed: false,
      at: [lineOf("default.yaml", "network: none")],
    });
    expect(ask(base, { about: "connect", host: "127.0.0.1", port: 8080 }).allowed).toBe(true);
    expect(ask(base, { about: "connect", host: "127.0.0.1.example.org", port: 80 }).allowed).toBe(false);
  });

  test("with a broker what it may reach, and nothing else", () => {
    const policy = aChild("network: {broker: [{name: a, host: a.org, methods: [GET], paths: [/x]}]}");
    expect(ask(policy, { about: "connect", host: "a.org", port: 443 })).toMatchObject({ allowed: true });
    expect(ask(policy, { about: "connect", host: "a.org", port: 443 }).why).toContain(
      "no connection of its own",
    );
    expect(ask(policy, { about: "connect", host: "a.org", port: 80 }).allowed).toBe(false);
    expect(ask(policy, { about: "connect", host: "b.a.org", port: 443 }).allowed).toBe(false);
  });
});

describe("everything else", () => {
  const policy = aChild("environment: {allow: [APP_*], set: {MODE: x}}\nimages: [python]");

  test.each([
    [{ about: "env", name: "APP_A" }, true],
    [{ about: "env", name: "LD_PRELOAD" }, false],
    [{ about: "env", name: "MODE" }, false],
    [{ about: "image", name: "python" }, true],
    [{ about: "image", name: "python-data" }, false],
    [{ about: "grant", name: "key" }, false],
    [{ about: "limit", name: "wallMs" }, true],
    [{ about: "limit", name: "wallMs", value: 30_000 }, true],
    [{ about: "limit", name: "wallMs", value: 30_001 }, false],
    [{ about: "limit", name: "cpus", value: 1 }, false],
    [{ about: "limit", name: "toString" }, false],
  ])("%o: %s", (question, allowed) => {
    const answer = ask(policy, question);
    expect(answer.allowed).toBe(allowed);
    for (const place of answer.at) expect(place).toMatch(/^policies\/(child|default)\.yaml:\d+$/);
  });
});

test.each([
  [{ about: "write", path: "tmp" }],
  [{ about: "syscall", name: "rm -rf" }],
  [{ about: "syscall", name: "ptrcae" }],
  [{ about: "connect", host: "a", port: 0 }],
  [{ about: "anything" }],
  [{ about: "env", name: "A", more: 1 }],
])("%o is no question", (question) => {
  expect(questionSchema.safeParse(question).success).toBe(false);
});
