import { describe, expect, test } from "vitest";
import type { Policy } from "../../../../src/domain/policy.ts";
import { judgeChecks } from "../../../../src/engine/posture/checks.ts";
import {
  type AllProbed,
  type Bounds,
  toQuickPolicy,
} from "../../../../src/engine/posture/self-test-parts.ts";
import { aPolicy, shippedPolicies, someEvidence } from "../../../support/builders.ts";
import { someFacts } from "../../../support/fake-runtime.ts";
import { reportsOfProbes, someBounds, someProbed } from "../../../support/posture.ts";

const policy = toQuickPolicy(aPolicy());

const resultsOf = (probed: AllProbed) =>
  Object.fromEntries(judgeChecks(probed, policy).map(({ name, result }) => [name, result]));
const withBounds = (change: Partial<Bounds>) =>
  someProbed({ bounds: { facts: someFacts(), report: reportsOfProbes(someBounds(change)).bounds } });

const allHold = resultsOf(someProbed());
const changed = (probed: AllProbed) =>
  Object.entries(resultsOf(probed)).filter(([name, result]) => result !== allHold[name]);

describe("the self-test's checks", () => {
  test("control: where every limit bites, every check holds", () => {
    expect(new Set(Object.values(allHold))).toEqual(new Set(["holds"]));
  });

  test("every control that the default policy requires is asked after", () => {
    const asked = judgeChecks(someProbed(), policy).map(({ control }) => control);
    expect(asked).toEqual(expect.arrayContaining(aPolicy().require));
  });

  test.each<[string, Partial<Bounds>]>([
    ["process_limit", { processes: { made: 80, refused: null } }],
    ["process_limit", { processes: { made: 0, refused: "EAGAIN" } }],
    ["cpu_pinned", { cores: { affinity: 2, count: 2 } }],
    ["cpu_time", { spin: { workers: 2, cpuSeconds: 0.3, wallSeconds: 0.15 } }],
    ["file_size", { fileSize: { below: null, above: null } }],
    ["file_size", { fileSize: { below: "EFBIG", above: "EFBIG" } }],
    ["open_files", { openFiles: { made: 1040, refused: null } }],
    ["tmpfs_size", { fill: { ...fillOf(someBounds()), "/tmp": { bytes: 12 << 20, refused: null } } }],
    ["tmpfs_inodes", { inodes: { "/workspace": { made: 500, refused: "ENOSPC" } } }],
    ["network", network({ interfaces: ["lo", "eth0"] })],
    ["network", network({ outside: null })],
    ["network", network({ metadata: null })],
    ["network", network({ outside: "ETIMEDOUT" })],
    ["network", network({ metadata: "EPERM" })],
    ["network", network({ loopback: "ENETUNREACH" })],
    ["read_only_root", { rights: rights({ rootFile: null }) }],
    ["no_way_to_root", { rights: rights({ setuid: null }) }],
    ["no_way_to_root", { rights: rights({ unshare: null }) }],
    ["system_calls", { rights: rights({ afAlg: null }) }],
    ["launcher_hidden", { rights: rights({ launcher: null }) }],
  ])("%s fails, and it alone, where the limit does not bite", (name, change) => {
    expect(changed(withBounds(change))).toEqual([[name, "fails"]]);
  });

  test("a network on which nobody answered in time is one", () => {
    const silent = { interfaces: ["lo", "eth0"], outside: "ETIMEDOUT", metadata: "ETIMEDOUT" };
    expect(changed(withBounds(network(silent)))).toEqual([["network", "fails"]]);
    expect(changed(withBounds(network({ interfaces: ["lo", "eth0"], socket: "EPERM" })))).toEqual([
      ["network", "fails"],
    ]);
  });

  test.each([
    ["tunnels that nobody set up", { interfaces: ["lo", "sit0", "tunl0"] }],
    ["another word of the kernel for no route", { outside: "EHOSTUNREACH" }],
    ["a tier without sockets", { socket: "EPERM", outside: "EPERM", metadata: "EPERM", loopback: "EPERM" }],
  ])("control: %s is no network", (_, seen) => {
    expect(changed(withBounds(network(seen)))).toEqual([]);
  });

  test("a control that was not seen from inside fails", () => {
    const facts = someFacts();
    const report = reportsOfProbes().bounds;
    const probed = someProbed({
      bounds: { facts: { ...facts, controls: { ...facts.controls, seccomp: false } }, report },
    });
    expect(changed(probed)).toEqual([["seccomp_in_force", "fails"]]);
  });

  test.each([
    ["memory", "memory_limit", "half\npast\n"],
    ["memory", "memory_limit", ""],
    ["output", "output_bound", "x"],
    ["wall", "wall_time", "began\n"],
  ] as const)("%s: %s fails where the run came to its end by itself", (probe, name, stdout) => {
    const report = { ...reportsOfProbes()[probe], stdout: Buffer.from(stdout) };
    const ended = { ...report, end: { kind: "launcher" as const, evidence: someEvidence() } };
    expect(changed(someProbed({ [probe]: { facts: someFacts(), report: ended } }))).toEqual([
      [name, "fails"],
    ]);
  });

  test("a sandbox that goes down with the memory of its code holds as well", () => {
    const report = {
      ...reportsOfProbes().memory,
      end: { kind: "lost" as const, cause: "memory" as const, wallMs: 5 },
    };
    expect(changed(someProbed({ memory: { facts: someFacts(), report } }))).toEqual([]);
  });

  test("where no sandbox could be made nothing is known", () => {
    const error = { error: "policy default requires controls that are not in force: memory" };
    const checks = judgeChecks({ bounds: error, memory: error, output: error, wall: error }, policy);
    expect(new Set(checks.map(({ result }) => result))).toEqual(new Set(["unknown"]));
    expect(checks.every(({ evidence }) => evidence === error.error)).toBe(true);
  });

  test.each(["", "not JSON", '{"cores": 1}'])(
    "what the payload prints is not believed as it is: %j",
    (stdout) => {
      const report = { ...reportsOfProbes().bounds, stdout: Buffer.from(stdout) };
      const results = resultsOf(someProbed({ bounds: { facts: someFacts(), report } }));
      expect(results).toMatchObject({ cpu_pinned: "unknown", network: "unknown", memory_limit: "holds" });
    },
  );

  test("a part of the payload that failed is unknown, the others count", () => {
    expect(changed(withBounds({ spin: { error: "OSError: x" } }))).toEqual([["cpu_time", "unknown"]]);
  });
});

function rights(change: Partial<Exclude<Bounds["rights"], { error: string }>>): Bounds["rights"] {
  return { ...someBounds().rights, ...change } as Bounds["rights"];
}

function network(change: Partial<Exclude<Bounds["network"], { error: string }>>): Partial<Bounds> {
  return { network: { ...someBounds().network, ...change } as Bounds["network"] };
}

function fillOf({ fill }: Bounds) {
  return fill as Exclude<Bounds["fill"], { error: string }>;
}

const shipped = (name: string) => {
  const found = shippedPolicies.find(({ policy: { name: own } }) => own === name);
  if (!found) throw new Error(`policies/${name}.yaml is missing`);
  return toQuickPolicy(found.policy);
};
const judged = (change: Partial<Bounds>, under: Policy) =>
  Object.fromEntries(
    judgeChecks(withBounds(change), under).map(({ name, result, evidence }) => [name, { result, evidence }]),
  );

describe("checks that a policy or a runtime leaves nothing to see by", () => {
  const withoutFork: Partial<Bounds> = {
    processes: { made: 0, refused: "EPERM" },
    spin: { error: "PermissionError: [Errno 1] Operation not permitted" },
    rights: rights({ unix: "EPERM" }),
  };

  test("a tier without fork and sockets: neither can show a bound of the host", () => {
    expect(judged(withoutFork, shipped("strict"))).toMatchObject({
      process_limit: {
        result: "not_applicable",
        evidence: expect.stringContaining("tier strict has no fork"),
      },
      cpu_time: { result: "not_applicable" },
      system_calls: { result: "not_applicable" },
      processes_in_force: { result: "holds" },
      cpu_pinned: { result: "holds" },
    });
  });

  test("control: where the tier has them, being refused is a failure", () => {
    expect(judged(withoutFork, policy)).toMatchObject({
      process_limit: { result: "fails" },
      cpu_time: { result: "unknown" },
      system_calls: { result: "fails" },
    });
  });

  test("a tier without fork under which code forks is judged like any", () => {
    const forked = { processes: { made: 80, refused: null }, rights: rights({ afAlg: null }) };
    expect(judged(forked, shipped("strict"))).toMatchObject({
      process_limit: { result: "fails" },
      system_calls: { result: "fails" },
    });
  });

  test("gVisor bounds files by what they cost, and has no Landlock", () => {
    const inodes = { "/workspace": { made: 528, refused: null } };
    const under = shipped("gvisor");
    expect(judged({ inodes }, under)).toMatchObject({ tmpfs_inodes: { result: "not_applicable" } });
    expect(judged({ inodes }, policy)).toMatchObject({ tmpfs_inodes: { result: "fails" } });
    const broken = { "/workspace": { made: 0, refused: "EIO" } };
    expect(judged({ inodes: broken }, under)).toMatchObject({ tmpfs_inodes: { result: "fails" } });
    const facts = someFacts();
    const controls = { ...facts.controls, landlock: false, landlock_scope: false };
    const probed = someProbed({
      bounds: { facts: { ...facts, controls }, report: reportsOfProbes().bounds },
    });
    const landlock = (asked: Policy) =>
      judgeChecks(probed, asked).filter(({ control }) => control?.startsWith("landlock"));
    expect(landlock(under).map(({ result }) => result)).toEqual(["not_applicable", "not_applicable"]);
    expect(landlock(policy).map(({ result }) => result)).toEqual(["fails", "fails"]);
  });
});
