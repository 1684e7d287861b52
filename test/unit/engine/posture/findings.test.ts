import { describe, expect, test } from "vitest";
import type { Control } from "../../../../src/domain/controls.ts";
import type { Posture, PostureCheck } from "../../../../src/domain/posture.ts";
import type { HostFacts } from "../../../../src/engine/ports/host.ts";
import { assess } from "../../../../src/engine/posture/assess.ts";
import { judgeChecks } from "../../../../src/engine/posture/checks.ts";
import { toFindings } from "../../../../src/engine/posture/findings.ts";
import { loadKnownBad } from "../../../../src/engine/posture/known-bad.ts";
import { toQuickPolicy } from "../../../../src/engine/posture/self-test-parts.ts";
import { aPolicy, policiesFolder } from "../../../support/builders.ts";
import { someHostFacts, someProbed, someTested } from "../../../support/posture.ts";

const knownBad = loadKnownBad(policiesFolder);
const standard = { knownBad, minimum: "controls" as const, runtimes: ["runc"] };
const good = someTested(judgeChecks(someProbed(), toQuickPolicy(aPolicy())));
const idsOf = (...args: [Parameters<typeof toFindings>[0], Parameters<typeof toFindings>[1]]) =>
  toFindings(...args, standard).map(({ id }) => id);

const broken = (control: Control | null, result: PostureCheck["result"] = "fails") =>
  someTested(
    good.selfTest.checks.map((check) =>
      check.control === control ? { ...check, result, evidence: "it does not" } : check,
    ),
  );

describe("findings", () => {
  test("control: a patched host on which all holds has none", () => {
    expect(idsOf(someHostFacts(), good)).toEqual([]);
  });

  test.each([
    ["no-memory-limit", { bounds: { memory: false, swap: true, processes: true } }],
    ["no-processes-limit", { bounds: { memory: true, swap: true, processes: false } }],
    ["no-mandatory-access-control", { appArmor: false }],
    ["no-user-namespace", { userNamespaces: "not_remapped" as const }],
    ["no-live-restore", { engine: { ...someHostFacts().engine, liveRestore: false } }],
    ["engine-cve-2026-31431", { engine: { ...someHostFacts().engine, version: "28.2.2" } }],
    ["containerd-cve-2024-25621", { containerd: "1.7.28" }],
    ["runc-cve-2025-31133", { runtimes: { runc: "1.2.7" } }],
  ])("%s", (id, change) => {
    expect(idsOf(someHostFacts(change), good)).toEqual([id]);
  });

  test("a hole that needs a plugin is one only where there is a plugin", () => {
    const engine = { ...someHostFacts().engine, version: "26.1.4" };
    expect(idsOf(someHostFacts({ engine }), good)).not.toContain("engine-cve-2024-41110");
    const withPlugin = someHostFacts({ engine, authorizationPlugins: ["opa"] });
    expect(idsOf(withPlugin, good)).toContain("engine-cve-2024-41110");
  });

  test("swap counts where nothing bounds it", () => {
    const bounds = { memory: true, swap: false, processes: true };
    expect(idsOf(someHostFacts({ bounds }), good)).toEqual([]);
    const swapping = { ...good, host: { ...good.host, swapBytes: 1 } };
    expect(idsOf(someHostFacts({ bounds }), swapping)).toEqual(["swap-unbounded"]);
  });

  test("no self-test is a finding, no Landlock is one, and a failed check is an error", () => {
    expect(idsOf(someHostFacts(), undefined)).toEqual(["self-test-off"]);
    expect(idsOf(someHostFacts(), { ...good, host: { ...good.host, landlock: 0 } })).toEqual(["no-landlock"]);
    expect(toFindings(someHostFacts(), broken("memory"), standard)).toMatchObject([
      { id: "self-test-memory-in-force", severity: "error" },
      { id: "self-test-memory-limit", severity: "error", message: expect.stringContaining("it does not") },
    ]);
  });

  test("the worst come first", () => {
    const facts = someHostFacts({ containerd: "1.7.28", runtimes: { runc: "1.2.7" }, appArmor: false });
    expect(toFindings(facts, good, standard).map(({ severity }) => severity)).toEqual([
      "error",
      "warning",
      "info",
    ]);
  });
});

describe("the minimum", () => {
  const acceptable = (
    minimum: Posture["minimum"],
    tested: Posture["selfTest"] | undefined,
    change: Partial<HostFacts> = {},
    runtimes = ["runc"],
  ) => {
    const facts = someHostFacts(change);
    const from = tested ? { selfTest: tested, host: good.host } : undefined;
    const findings = toFindings(facts, from, { ...standard, minimum, runtimes });
    const policy = aPolicy();
    return assess({ facts, tested: from, findings, minimum, policy, works: new Map(), now: 0 }).acceptable;
  };

  test.each(["none", "controls", "patched"] as const)(
    "control: %s takes a host on which all holds",
    (minimum) => {
      expect(acceptable(minimum, good.selfTest)).toBe(true);
    },
  );

  test.each(aPolicy().require)("controls refuses where %s fails or is not known", (control) => {
    expect(acceptable("controls", broken(control).selfTest)).toBe(false);
    expect(acceptable("controls", broken(control, "unknown").selfTest)).toBe(false);
    expect(acceptable("none", broken(control).selfTest)).toBe(true);
  });

  test("controls refuses where a bound that every policy has fails, where nothing was tested, and where nothing was asked", () => {
    expect(acceptable("controls", broken(null).selfTest)).toBe(false);
    expect(acceptable("controls", undefined)).toBe(false);
    expect(acceptable("controls", { ...good.selfTest, checks: [] })).toBe(false);
  });

  test("controls takes a check without meaning, but for a required control that no other check saw", () => {
    expect(acceptable("controls", broken(null, "not_applicable").selfTest)).toBe(true);
    const one = good.selfTest.checks.map((check) =>
      check.name === "process_limit" ? { ...check, result: "not_applicable" as const } : check,
    );
    expect(acceptable("controls", { ...good.selfTest, checks: one })).toBe(true);
    expect(toFindings(someHostFacts(), someTested(one), standard)).toEqual([]);
    expect(acceptable("controls", broken("processes", "not_applicable").selfTest)).toBe(false);
  });

  test("controls does without what the policy does not require", () => {
    expect(acceptable("controls", broken("landlock").selfTest)).toBe(true);
  });

  test("patched refuses a version with a hole, which controls takes", () => {
    expect(acceptable("patched", good.selfTest, { runtimes: { runc: "1.2.7" } })).toBe(false);
    expect(acceptable("controls", good.selfTest, { runtimes: { runc: "1.2.7" } })).toBe(true);
  });

  const { engine, kernel } = someHostFacts();
  test.each<[string, Partial<HostFacts>]>([
    ["engine", { engine: { ...engine, version: "dev" } }],
    ["kernel", { kernel: { ...kernel, version: "mainline" } }],
    ["containerd", { containerd: "unknown" }],
    ["containerd", { containerd: null }],
    ["runc", { runtimes: { runc: "commit-abc" } }],
    ["runc", { runtimes: { runc: null } }],
  ])("patched refuses a host that does not tell which %s it has: %j; controls warns", (component, change) => {
    expect(acceptable("patched", good.selfTest, change)).toBe(false);
    expect(acceptable("controls", good.selfTest, change)).toBe(true);
    expect(toFindings(someHostFacts(change), good, standard)).toMatchObject([
      { id: `${component}-version-unknown`, severity: "warning" },
    ]);
  });

  test("patched asks for the versions of those runtimes that a policy names", () => {
    const runtimes = { runc: "1.3.4", crun: null };
    expect(acceptable("patched", good.selfTest, { runtimes })).toBe(true);
    expect(acceptable("patched", good.selfTest, { runtimes }, ["runc", "crun"])).toBe(false);
    // Under one that the engine has not registered nothing runs.
    expect(acceptable("patched", good.selfTest, {}, ["runc", "runsc"])).toBe(true);
  });

  test("version 2 beside version 1 is told as hybrid", () => {
    const facts = someHostFacts({ cgroup: { version: "1", driver: "cgroupfs" } });
    const tested = { ...good, host: { ...good.host, cgroup: "hybrid" } };
    const parts = {
      facts,
      tested,
      findings: [],
      minimum: "none" as const,
      policy: aPolicy(),
      works: new Map(),
      now: 0,
    };
    expect(assess(parts).cgroup).toEqual({ version: "hybrid", driver: "cgroupfs" });
  });
});
