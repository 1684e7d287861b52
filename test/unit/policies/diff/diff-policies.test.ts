import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { controlNames } from "../../../../src/domain/controls.ts";
import type { Policy } from "../../../../src/domain/policy.ts";
import { diffPolicies, loosens } from "../../../../src/policies/diff/diff-policies.ts";
import { readPolicyFolder } from "../../../../src/policies/read-folder.ts";
import { policiesFolder } from "../../../support/builders.ts";
import { aChild, editedDefault } from "../../../support/policy-folder.ts";

const shipped = readPolicyFolder(policiesFolder).policies.map(({ policy }) => policy);
const base = shipped.find(({ name }) => name === "default") as Policy;

const told = (before: Policy, after: Policy) =>
  diffPolicies(before, after).map(({ direction, field, says }) => `${direction} ${field}: ${says}`);

const upstream = "{name: a, host: a.org, methods: [GET], paths: [/x]}";

describe("what loosens, and the other way round tightens", () => {
  test.each<[string, () => Policy, string, string]>([
    [
      "a limit that goes up",
      () => aChild("limits: {wallMs: 40000}").policy,
      "limits.wallMs: up from 30000 to 40000",
      "limits.wallMs: down from 40000 to 30000",
    ],
    [
      "a control that is not required any more",
      () => editedDefault("  - seccomp\n", "").policy,
      "require: seccomp is no longer required",
      "require: seccomp is required",
    ],
    [
      "a call that is added",
      () => aChild("syscalls: {add: [{names: [ptrace]}]}").policy,
      "syscalls: allows ptrace",
      "syscalls: no longer allows ptrace",
    ],
    [
      "a condition that falls",
      () => aChild("syscalls: {add: [{names: [setpriority]}]}").policy,
      "syscalls: allows setpriority",
      "syscalls: no longer allows setpriority",
    ],
    [
      "arguments that are refused no more",
      () => ({ ...base, calls: base.calls.filter(({ args, errno }) => !(args && errno)) }),
      "syscalls: no longer refuses kill where argument 0 & 4294967295 is 1 and argument 1 is not 0",
      "syscalls: refuses kill where argument 0 & 4294967295 is 1 and argument 1 is not 0",
    ],
    [
      "cells in place of containers",
      () => aChild("isolation: {tier: cell}").policy,
      'isolation.tier: from "container" to "cell"',
      'isolation.tier: from "cell" to "container"',
    ],
    [
      "an image more",
      () => aChild("images: [python, python-data, python-test, x]").policy,
      "images: x may run",
      "images: x may no longer run",
    ],
    [
      "a tree more to write",
      () => aChild("landlock: {write: [/workspace, /tmp, /dev/shm, /data]}").policy,
      "landlock.write: /data may be written to",
      "landlock.write: /data may no longer be written to",
    ],
    [
      "a wider tree to read",
      () => aChild("landlock: {read: [/]}").policy,
      "landlock.read: / may be read",
      "landlock.read: / may no longer be read",
    ],
    [
      "a scope less",
      () => aChild("landlock: {scope: [signal]}").policy,
      "landlock.scope: abstract_unix_socket no longer stops at the cell's border",
      "landlock.scope: abstract_unix_socket stops at the cell's border",
    ],
    [
      "an upstream",
      () => aChild(`network: {broker: [${upstream}]}`).policy,
      "network: GET https://a.org:443/x is possible through the broker",
      "network: GET https://a.org:443/x is no longer possible",
    ],
  ])("%s", (_, make, there, back) => {
    const policy = make();
    expect(told(base, policy)).toContain(`loosens ${there}`);
    expect(told(policy, base)).toContain(`tightens ${back}`);
    expect(loosens(diffPolicies(base, policy))).toBe(true);
  });

  test("names of variables, by what they cover", () => {
    const wide = aChild('environment: {allow: ["APP_*"]}').policy;
    const narrow = aChild("environment: {allow: [APP_A, APP_B]}").policy;
    expect(told(wide, narrow)).toEqual(["tightens environment.allow: an action may no longer set APP_*"]);
    expect(told(narrow, wide)).toEqual(["loosens environment.allow: an action may set APP_*"]);
    expect(loosens(diffPolicies(base, wide))).toBe(false);
  });

  test("how long, and how much of an execution is kept", () => {
    const day = aChild("retention: {hours: 24}\nredaction: {drop: [stdout]}").policy;
    expect(told(day, base)).toEqual([
      "loosens redaction.drop: stdout is kept",
      "loosens retention.hours: from 24 hours to as long as the service keeps any",
    ]);
    expect(loosens(diffPolicies(base, day))).toBe(false);
  });

  test("runtimes, where they can be compared", () => {
    const on = (runtime: string) => aChild(`isolation: {runtime: ${runtime}}`).policy;
    expect(diffPolicies(on("runsc"), base)).toMatchObject([{ direction: "loosens" }]);
    expect(diffPolicies(base, on("runsc"))).toMatchObject([{ direction: "tightens" }]);
    expect(diffPolicies(base, on("crun"))).toMatchObject([{ direction: "changes" }]);
    expect(diffPolicies(base, on("other"))).toMatchObject([{ direction: "changes" }]);
  });

  test("what makes runs alike is neither", () => {
    const seeded = aChild("determinism: {seed: 1, hashSeed: 2}\nenvironment: {set: {A: b}}").policy;
    expect(diffPolicies(base, seeded).map(({ direction }) => direction)).toEqual([
      "changes",
      "changes",
      "changes",
    ]);
    expect(loosens(diffPolicies(base, seeded))).toBe(false);
  });

  test("the same said in another way is no difference", () => {
    expect(diffPolicies(base, aChild("limits: {wallMs: 30000}").policy)).toEqual([]);
  });
});

const limit = fc.integer({ min: 1, max: 5 });
const list = (...items: string[]) => fc.uniqueArray(fc.constantFrom(...items), { minLength: 1 });
const anyPolicy: fc.Arbitrary<Policy> = fc
  .record({
    of: fc.constantFrom(...shipped),
    wallMs: limit,
    processes: limit,
    images: list("a", "b", "c"),
    require: fc.uniqueArray(fc.constantFrom(...controlNames)),
    write: list("/workspace", "/tmp", "/tmp/a", "/"),
    read: list("/etc", "/etc/ssl", "/usr"),
    allow: fc.uniqueArray(fc.constantFrom("*", "A*", "AB", "C")),
    names: list("read", "write", "ptrace", "socket"),
    hours: fc.option(limit),
    tier: fc.constantFrom("container" as const, "cell" as const),
    runtime: fc.constantFrom("runc", "runsc", "crun", "other"),
  })
  .map(({ of, wallMs, processes, images, require, write, read, allow, names, hours, tier, runtime }) => ({
    ...of,
    isolation: { ...of.isolation, tier, runtime },
    images,
    limits: { ...of.limits, wallMs, processes },
    require,
    landlock: { ...of.landlock, write, read },
    environment: { ...of.environment, allow },
    calls: [{ names }, ...of.calls],
    retention: { hours },
  }));

describe("of any two policies", () => {
  test("a policy does not differ from itself", () => {
    fc.assert(
      fc.property(anyPolicy, (policy) => {
        expect(diffPolicies(policy, policy)).toEqual([]);
      }),
    );
  });

  test("what loosens one way tightens the other, field by field", () => {
    const fields = (before: Policy, after: Policy, wanted: string) =>
      diffPolicies(before, after)
        .filter(({ direction }) => direction === wanted)
        .map(({ field }) => field)
        .sort();
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (a, b) => {
        expect(fields(a, b, "loosens")).toEqual(fields(b, a, "tightens"));
        expect(fields(a, b, "changes")).toEqual(fields(b, a, "changes"));
      }),
    );
  });

  test("what loosens is told first", () => {
    fc.assert(
      fc.property(anyPolicy, anyPolicy, (a, b) => {
        const order = ["loosens", "tightens", "changes"];
        const ranks = diffPolicies(a, b).map(({ direction }) => order.indexOf(direction));
        expect(ranks).toEqual(ranks.toSorted());
      }),
    );
  });
});
