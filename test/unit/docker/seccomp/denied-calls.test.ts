import { describe, expect, test } from "vitest";
import { rawDeniedSchema, toDeniedCalls } from "../../../../src/docker/seccomp/denied-calls.ts";
import { aPolicy } from "../../../support/builders.ts";

const { calls } = aPolicy();
const policy = {
  calls: calls
    .map((rule) => ({ ...rule, names: rule.names.filter((name) => name !== "getppid") }))
    .concat({ names: ["personality"], args: [{ index: 0, op: "equal", value: 0 }] }),
  syscalls: {
    tier: "std",
    add: [{ names: ["personality"], args: [{ index: 0, op: "equal" as const, value: 0 }] }],
    remove: ["getppid"],
  },
};
const raw = (nr: number, count = 1) => ({
  reported: true,
  total: count,
  calls: [{ nr, argument: "0x26", count }],
  truncated: false,
});

describe("what a launcher counted", () => {
  test.each([
    [101, "ptrace", "syscalls.tier std: not listed"],
    [41, "socket", "syscalls.tier std: arguments"],
    [110, "getppid", "syscalls.remove: getppid"],
    [135, "personality", "syscalls.add: arguments of personality"],
    [9999, "9999", "syscalls.tier std: not listed"],
  ])("number %i is %s, denied by %s", (nr, call, rule) => {
    expect(toDeniedCalls(raw(nr), policy, "x86_64").calls).toEqual([
      { call, argument: "0x26", count: 1, rule },
    ]);
  });

  test("the most frequent comes first", () => {
    const said = { ...raw(1), total: 8, calls: [...raw(101, 1).calls, ...raw(250, 7).calls] };
    expect(toDeniedCalls(said, policy, "x86_64").calls.map(({ call }) => call)).toEqual(["keyctl", "ptrace"]);
  });

  test("on a machine that is not known numbers stay numbers", () => {
    expect(toDeniedCalls(raw(101), policy, undefined).calls[0]?.call).toBe("101");
  });

  test("where the kernel can't ask, nobody reported", () => {
    const said = { reported: false, total: 0, calls: [], truncated: false };
    expect(toDeniedCalls(said, policy, "x86_64").reportedBy).toBe("none");
  });

  test.each([
    ["more kinds than there can be", { ...raw(1), calls: Array(1089).fill(raw(1).calls[0]) }],
    ["an argument that is no number", { ...raw(1), calls: [{ nr: 1, argument: "<b>", count: 1 }] }],
    ["a number below 0", { ...raw(1), calls: [{ nr: -1, argument: "0x1", count: 1 }] }],
  ])("%s is not believed", (_, said) => {
    expect(rawDeniedSchema.safeParse(said).success).toBe(false);
  });
});
