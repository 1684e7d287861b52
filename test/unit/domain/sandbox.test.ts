import { describe, expect, test } from "vitest";
import { type Control, controlNames } from "../../../src/domain/controls.ts";
import { controlsInForce, type Hello, missingControls } from "../../../src/domain/sandbox.ts";
import { aHello, aPolicy } from "../../support/builders.ts";

const policy = aPolicy({ require: controlNames });

const absent: [Control, Partial<Hello["controls"]>][] = [
  ["seccomp", { seccomp: 0 }],
  ["no_new_privileges", { noNewPrivileges: false }],
  ["no_capabilities", { capabilities: false }],
  ["non_root", { uid: 0 }],
  ["read_only_root", { readOnlyRoot: false }],
  ["no_network", { interfaces: ["eth0", "lo"] }],
  ["memory", { memoryBytes: 1024 ** 4 }],
  ["memory", { memoryBytes: null }],
  ["no_swap", { swapBytes: 1 }],
  ["no_swap", { swapBytes: null }],
  ["processes", { processes: null }],
  ["cpus", { cpus: [0, 1] }],
  ["landlock", { landlock: 0 }],
];

const absentFromCell: [Control, Partial<Hello["cell"]>][] = [
  ["syscall_tier", { filters: 1 }],
  ["syscall_tier", { filters: 2 }],
  ["landlock", { landlock: false }],
  ["landlock_scope", { scope: ["signal"] }],
  ["not_dumpable", { dumpable: true }],
  ["file_limits", { openFiles: 1_048_576 }],
  ["file_limits", { fileBytes: 2 ** 40 }],
  ["file_limits", { coreBytes: 1 }],
];

describe("missingControls", () => {
  test("is empty where all that is required is in force", () => {
    expect(missingControls(aHello(), policy)).toEqual([]);
  });

  test.each(absent)("names %s when the launcher sees %j", (control, change) => {
    expect(missingControls(aHello(change), policy)).toEqual([control]);
  });

  test.each(absentFromCell)("names %s when the confined child says %j", (control, change) => {
    expect(missingControls(aHello({}, change), policy)).toEqual([control]);
  });

  test("does not ask for what was left out", () => {
    expect(missingControls(aHello({ uid: 0 }, { dumpable: true }), policy, ["non_root"])).toEqual([
      "not_dumpable",
    ]);
  });

  test("knows a way to miss every control there is", () => {
    expect([...new Set([...absent, ...absentFromCell].map(([control]) => control))].sort()).toEqual(
      [...controlNames].sort(),
    );
  });

  test("does not ask for what the policy does not require", () => {
    expect(missingControls(aHello({ landlock: 0 }), aPolicy({ require: [] }))).toEqual([]);
  });
});

describe("controlsInForce", () => {
  test("tells of every control, also of those that the policy does not require", () => {
    const found = controlsInForce(aHello({ landlock: 0 }), aPolicy({ require: [] }));
    expect(Object.keys(found).sort()).toEqual([...controlNames].sort());
    expect(Object.entries(found).filter(([, isInForce]) => !isInForce)).toEqual([["landlock", false]]);
  });
});
