import { describe, expect, test } from "vitest";
import { controlSchema } from "../../../src/domain/policy.ts";
import { type Hello, missingControls } from "../../../src/domain/sandbox.ts";
import { aHello, aPolicy } from "../../support/builders.ts";

const policy = aPolicy({ require: controlSchema.options });

const absent: [string, Partial<Hello["controls"]>][] = [
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

describe("missingControls", () => {
  test("is empty where all that is required is in force", () => {
    expect(missingControls(aHello(), policy)).toEqual([]);
  });

  test.each(absent)("names %s when the launcher sees %j", (control, change) => {
    expect(missingControls(aHello(change), policy)).toEqual([control]);
  });

  test("knows a way to miss every control there is", () => {
    expect([...new Set(absent.map(([control]) => control))].sort()).toEqual(
      [...controlSchema.options].sort(),
    );
  });

  test("does not ask for what the policy does not require", () => {
    expect(missingControls(aHello({ landlock: 0 }), aPolicy({ require: [] }))).toEqual([]);
  });
});
