import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPolicies } from "../../../src/policies/load-policies.ts";
import { toText } from "../../../src/policies/located.ts";
import { readPolicyFolder } from "../../../src/policies/read-folder.ts";
import {
  aChild,
  aPolicyFolder,
  childText,
  editedDefault,
  resolvedIn,
  shippedText,
} from "../../support/policy-folder.ts";

const problemsOf = (files: Record<string, string>) =>
  readPolicyFolder(aPolicyFolder(files)).problems.map(toText);

const withDefault = (from: string | RegExp, to: string) => ({
  "default.yaml": shippedText("default.yaml").replace(from, to),
});

const lineOf = (text: string, part: string) => text.split("\n").findIndex((line) => line.includes(part)) + 1;

describe("the policies that ship", () => {
  test("can all be read", () => {
    const { policies, problems } = readPolicyFolder(aPolicyFolder());
    expect(problems).toEqual([]);
    expect(policies.map(({ policy }) => policy.name)).toEqual([
      "data",
      "default",
      "gvisor",
      "rl-cell",
      "session",
      "strict",
    ]);
  });

  test("lose none of the controls that the default one requires", () => {
    const policies = loadPolicies(aPolicyFolder());
    const required = policies.find(({ name }) => name === "default")?.require ?? [];
    expect(required.length).toBeGreaterThan(10);
    for (const { require } of policies) expect(require).toEqual(expect.arrayContaining(required));
  });
});

describe("a file that is wrong is refused with file, line and field", () => {
  test.each([
    ["an unknown field", /^network: none/m, "netwrok: none", "netwrok: there is no such field"],
    [
      "an unknown field within",
      "wallMs: 30000",
      "wallMs: 30000\n  wall: 1",
      "limits.wall: there is no such field",
    ],
    ["an unknown network", /^network: none/m, "network: host", "network: must be none, or broker with"],
    [
      "an unknown field of an upstream",
      /^network: none/m,
      "network: {broker: [{name: a, host: a.org, methods: [GET], paths: [/], any: 1}]}",
      "network.broker.0.any: there is no such field",
    ],
    ["a required control that does not exist", "- seccomp", "- secomp", "require.0: "],
    ["a limit that is no number", "wallMs: 30000", "wallMs: forever", "limits.wallMs: "],
    [
      "file systems larger than the memory",
      "memoryMiB: 512",
      "memoryMiB: 128",
      "limits.memoryMiB: must hold",
    ],
    ["a field given twice", /^network: none/m, "network: none\nnetwork: none", "unique"],
    [
      "a tier that is not there",
      "tier: std",
      "tier: none",
      "syscalls.tier: there is no policies/seccomp/none.yaml",
    ],
    [
      "a call to remove that no machine has",
      "remove: []",
      "remove: [link, conect]",
      "syscalls.remove.1: there is no system call conect; the nearest is connect",
    ],
    [
      "a call to add that no machine has",
      "add: []",
      "add: [{names: [ptrase]}]",
      "syscalls.add.0.names.0: there is no system call ptrase; the nearest is ptrace",
    ],
    [
      "a call that is like none",
      "remove: []",
      "remove: [frobnicate_everything]",
      "there is no system call frobnicate_everything",
    ],
    ["an alias", 'allow: ["*"]', 'allow: &a ["*"]\n  x: *a', "must be written out"],
  ])("%s", (_, from, to, expected) => {
    const files = withDefault(from, to);
    expect(files["default.yaml"]).not.toBe(shippedText("default.yaml"));
    const problems = problemsOf(files);
    for (const problem of problems) expect(problem).toMatch(/^policies\/default\.yaml:\d+: /);
    expect(problems.join("\n")).toContain(expected);
  });

  test("the line is that of the field", () => {
    const files = withDefault("wallMs: 30000", "wallMs: forever");
    expect(problemsOf(files)[0]).toContain(
      `policies/default.yaml:${lineOf(files["default.yaml"], "wallMs: forever")}: limits.wallMs: `,
    );
  });

  test("a missing field has the line of what it is missing in", () => {
    expect(problemsOf(withDefault(/^network: none$/m, ""))[0]).toContain("network: ");
    const files = withDefault(/^ {2}wallMs: 30000\n/m, "");
    const line = lineOf(files["default.yaml"], "limits:");
    expect(problemsOf(files)[0]).toContain(`policies/default.yaml:${line}: limits.wallMs: `);
  });

  test("everything that is wrong is told at once, and a parent's fault once", () => {
    const problems = problemsOf({
      ...withDefault("wallMs: 30000", "wallMs: forever\n  foo: 1"),
      "other.yaml": childText("another", ""),
      "third.yml": "",
      "broken.yaml": "a: [",
    });
    expect(problems.filter((text) => text.includes("limits.wallMs"))).toHaveLength(1);
    expect(problems).toEqual(
      expect.arrayContaining([
        expect.stringContaining("limits.foo: there is no such field"),
        expect.stringMatching(/^policies\/other\.yaml:1: name: must be the file's name, not "another"/),
        "policies/third.yml:1: must end in .yaml to be read",
        expect.stringMatching(/^policies\/broken\.yaml:\d+: /),
      ]),
    );
  });
});

describe("what one fault would hide is told with it", () => {
  test("beside a parent that is not there: what the file says itself", () => {
    const text = childText(
      "child",
      "limits: {wallMs: x}\nsyscalls: {tier: lax}\nfoo: 1\nnetwork: host",
    ).replace("extends: default", "extends: defalt");
    expect(problemsOf({ "child.yaml": text })).toEqual([
      'policies/child.yaml:3: extends: there is no policy "defalt"',
      "policies/child.yaml:4: limits.wallMs: must be a number",
      "policies/child.yaml:5: syscalls.tier: there is no policies/seccomp/lax.yaml",
      "policies/child.yaml:6: foo: there is no such field",
      "policies/child.yaml:7: network: must be none, or broker with a list of upstreams",
    ]);
  });

  test.each([
    ["limits: {wallMs: 5}", "limits.wallMs: must be at least 10"],
    ["isolation: {tier: vm}", "isolation.tier: must be one of container, cell"],
    ["images: []", "images: must have at least 1 in its list"],
    ["determinism: {clock: noon}", "determinism.clock: must be real, or an instant such as"],
  ])("%s: what is expected is said", (says, expected) => {
    expect(problemsOf({ "child.yaml": childText("child", says) })).toEqual([
      expect.stringContaining(expected),
    ]);
  });

  test("beside a name that is not the file's", () => {
    const text = childText("other", "foo: 1");
    expect(problemsOf({ "child.yaml": text })).toEqual([
      expect.stringContaining("name: must be the file's name"),
      "policies/child.yaml:4: foo: there is no such field",
    ]);
  });

  test("beside a field that is wrong: the tier that is not there, and sums that do not fit", () => {
    const text = childText(
      "child",
      "foo: 1\nsyscalls: {tier: lax}\nlimits: {tmpMiB: 4000, outputFiles: 512, openFiles: 200}",
    );
    expect(problemsOf({ "child.yaml": text })).toEqual(
      expect.arrayContaining([
        "policies/child.yaml:4: foo: there is no such field",
        "policies/child.yaml:5: syscalls.tier: there is no policies/seccomp/lax.yaml",
        expect.stringContaining("limits.memoryMiB: must hold workspaceMiB"),
        expect.stringContaining("limits.openFiles: must be at least outputFiles"),
      ]),
    );
  });
});

test("what a policy lacks that extends nothing is told in one line, with what would bring it", () => {
  const lone = childText("child", "limits: {wallMs: 50}").replace("extends: default\n", "");
  const [problem, ...others] = problemsOf({ "child.yaml": lone });
  expect(others).toEqual([]);
  expect(problem).toMatch(
    /^policies\/child\.yaml:1: isolation, .*limits\.cpuMs.* are missing; extends: default would bring them$/,
  );
  const nearly = shippedText("default.yaml")
    .replace("name: default", "name: child")
    .replace(/^network: none$/m, "");
  expect(problemsOf({ "child.yaml": nearly })).toEqual([
    expect.stringMatching(
      /^policies\/child\.yaml:\d+: network: is missing; extends: default would bring it$/,
    ),
  ]);
});

describe("extends", () => {
  test("merges maps, replaces values and lists, and keeps what is not said", () => {
    const { policy, lineage } = aChild(
      "limits: {wallMs: 5}\nimages: [python]\nlandlock: {read: [/etc]}".replace("5", "50"),
    );
    const parent = resolvedIn(aPolicyFolder(), "default").policy;
    expect(policy).toMatchObject({ name: "child", description: "for a test", images: ["python"] });
    expect(policy.limits).toEqual({ ...parent.limits, wallMs: 50 });
    expect(policy.landlock).toEqual({ ...parent.landlock, read: ["/etc"] });
    expect(lineage).toEqual(["child", "default"]);
  });

  test("lets require, syscalls.add and syscalls.remove grow only", () => {
    const { policy } = aChild(
      "require: [landlock, seccomp]\nsyscalls: {add: [{names: [getitimer]}], remove: [link]}",
    );
    expect(policy.require.filter((name) => name === "seccomp")).toHaveLength(1);
    expect(policy.require.at(-1)).toBe("landlock");
    const grandchild = resolvedIn(
      aPolicyFolder({
        "child.yaml": childText("child", "require: [landlock]\nsyscalls: {remove: [link]}"),
        "grand.yaml": childText(
          "grand",
          "require: []\nsyscalls: {add: [{names: [link, brk]}], remove: []}",
        ).replace("extends: default", "extends: child"),
      }),
      "grand",
    );
    expect(grandchild.policy.require).toContain("landlock");
    expect(grandchild.policy.syscalls.remove).toEqual(["link"]);
    expect(grandchild.policy.calls.flatMap(({ names }) => names)).not.toContain("link");
    expect(grandchild.lineage).toEqual(["grand", "child", "default"]);
  });

  test("an added call is allowed also where its tier refuses it in its own way, unless it is removed", () => {
    const rulesOf = (syscalls: string) =>
      aChild(`syscalls: ${syscalls}`).policy.calls.filter(({ names }) => names.includes("clone3"));
    expect(rulesOf("{}")).toMatchObject([{ errno: 38 }]);
    expect(rulesOf("{add: [{names: [clone3]}]}")).toEqual([{ names: ["clone3"] }]);
    expect(rulesOf("{add: [{names: [clone3]}], remove: [clone3]}")).toEqual([]);
  });

  test("what its tier refuses by its arguments stays refused where the call is added", () => {
    const { calls } = aChild("syscalls: {add: [{names: [kill]}]}").policy;
    expect(calls.filter(({ names }) => names.includes("kill"))).toContainEqual(
      expect.objectContaining({
        errno: 1,
        args: expect.arrayContaining([{ index: 0, op: "masked_equal", mask: 2 ** 32 - 1, value: 1 }]),
      }),
    );
  });

  test("says of each part where it was said", () => {
    const folder = aPolicyFolder({
      "child.yaml": childText("child", "limits:\n  wallMs: 50\nrequire: [landlock]"),
    });
    const { placeOf, saidAt, callPlaces, policy } = resolvedIn(folder, "child");
    expect(placeOf(["limits", "wallMs"])).toEqual({ file: "policies/child.yaml", line: 5 });
    const line = lineOf(shippedText("default.yaml"), "cpuMs: ");
    expect(placeOf(["limits", "cpuMs"])).toEqual({ file: "policies/default.yaml", line });
    expect(placeOf(["require", policy.require.indexOf("landlock")]).file).toBe("policies/child.yaml");
    expect(placeOf(["require", 0]).file).toBe("policies/default.yaml");
    expect(saidAt(["isolation", "cells"])).toBeUndefined();
    expect(callPlaces).toHaveLength(policy.calls.length);
    expect(new Set(callPlaces.flatMap((places) => [...places.values()].map(({ file }) => file)))).toEqual(
      new Set(["policies/seccomp/std.yaml"]),
    );
  });

  test.each([
    ["an unknown parent", "extends: defalt", 'extends: there is no policy "defalt"'],
    ["itself", "extends: child", "extends: goes round in a circle: child -> child"],
    ["what is no name", "extends: [default]", "extends: must be the name of a policy"],
  ])("refuses %s", (_, line, expected) => {
    const text = childText("child", "").replace("extends: default", line);
    expect(problemsOf({ "child.yaml": text })).toEqual([`policies/child.yaml:3: ${expected}`]);
  });

  test("refuses a circle of two, of both", () => {
    const text = (name: string, parent: string) =>
      childText(name, "").replace("extends: default", `extends: ${parent}`);
    expect(problemsOf({ "a.yaml": text("a", "b"), "b.yaml": text("b", "a") })).toEqual([
      "policies/a.yaml:3: extends: goes round in a circle: b -> a -> b",
      "policies/b.yaml:3: extends: goes round in a circle: a -> b -> a",
    ]);
  });

  test.each([["require: null"], ["require: {}"], ["limits: null"], ["description: ''"], ["grants: [key]"]])(
    "is no way to say less: %s is refused",
    (says) => {
      const text = says.startsWith("description")
        ? childText("child", "").replace("description: for a test", says)
        : childText("child", says);
      expect(problemsOf({ "child.yaml": text })).toHaveLength(1);
    },
  );

  test("takes neither name nor description from the parent", () => {
    const text = childText("child", "").replace(/description.*\n/, "");
    expect(problemsOf({ "child.yaml": text })[0]).toContain("description: ");
  });
});

describe("the digest", () => {
  test("changes with what the policy says, with its tier, and with what it inherits", () => {
    const folder = aPolicyFolder();
    const digests = () => Object.fromEntries(loadPolicies(folder).map(({ name, digest }) => [name, digest]));
    const before = digests();
    writeFileSync(join(folder, "default.yaml"), shippedText("default.yaml").replace("cpus: 1", "cpus: 2"));
    const wider = digests();
    expect(wider["default"]).not.toBe(before["default"]);
    expect(wider["session"]).not.toBe(before["session"]);
    // It says cpus itself.
    expect(wider["data"]).toBe(before["data"]);
    writeFileSync(join(folder, "seccomp", "std.yaml"), "rules: [{names: [read]}]");
    expect(digests()["default"]).not.toBe(wider["default"]);
    expect(before["default"]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("does not change with comments, order of fields, or who said it", () => {
    const { digest } = resolvedIn(aPolicyFolder(), "default").policy;
    expect(editedDefault("# Everything is kept.", "# Nothing is thrown away.").policy.digest).toBe(digest);
    expect(editedDefault(/^network: none\ngrants: \[\]$/m, "grants: []\nnetwork: none").policy.digest).toBe(
      digest,
    );
    expect(aChild("limits: {wallMs: 30000}").policy.digest).toBe(aChild("").policy.digest);
  });
});
