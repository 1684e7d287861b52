import { describe, expect, test } from "vitest";
import type { Evidence } from "../../../../src/domain/outcome.ts";
import type { RunReport } from "../../../../src/engine/ports/runtime.ts";
import { doubtAbout } from "../../../../src/engine/sandboxes/doubt.ts";
import { aPolicy } from "../../../support/builders.ts";
import { aReport } from "../../../support/fake-runtime.ts";

const CELLS = 3;
const policy = aPolicy({ isolation: { tier: "cell", runtime: "runc", cells: CELLS } });

const denied = (change: Partial<Evidence["denied"]>): RunReport =>
  aReport("", { denied: { reportedBy: "launcher", total: 1, calls: [], truncated: false, ...change } });
const deniedCall = (call: string): RunReport =>
  denied({ calls: [{ call, argument: "0x0", rule: "syscalls.tier std: not listed", count: 1 }] });
const ended = (end: RunReport["end"]): RunReport => ({ ...aReport(), end });

describe("a sandbox serves no further cell", () => {
  test.each<[string, RunReport | undefined, string]>([
    ["nobody has a report", undefined, "nobody knows how its run ended"],
    [
      "it went down with its run",
      ended({ kind: "lost", cause: "memory", wallMs: 1 }),
      "nobody knows how its run ended",
    ],
    [
      "it had no room for the run",
      ended({ kind: "refused", cause: "processes" }),
      "nobody knows how its run ended",
    ],
    ["the run was killed", aReport("", { killedBy: "wall" }), "its run was killed: wall"],
    ["a signal ended it", aReport("", { exitCode: null, signal: 11 }), "its run ended by signal 11"],
    ["the kernel killed for memory", aReport("", { oomKills: 1 }), "the kernel killed for memory"],
    ["nobody counted those kills", aReport("", { oomKills: null }), "the kernel killed for memory"],
    ["a fork was refused", aReport("", { refusedForks: 1 }), "it met the limit of processes"],
    ["a process outlived the program", aReport("", { stragglers: 1 }), "processes outlived the program"],
    ["more was denied than was kept", denied({ truncated: true }), "more was denied than was kept"],
    ["it tried a way out", deniedCall("ptrace"), "a denied call: ptrace"],
  ])("where %s", (_, report, reason) => {
    expect(doubtAbout(report, 1, policy)).toBe(reason);
  });

  test("after as many as the policy lets it have", () => {
    expect(doubtAbout(aReport(), CELLS - 1, policy)).toBeUndefined();
    const reason = "it has served as many cells as the policy lets it";
    expect(doubtAbout(aReport(), CELLS, policy)).toBe(reason);
    expect(doubtAbout(aReport(), CELLS + 1, policy)).toBe(reason);
  });
});

describe("control: nothing is doubted", () => {
  test.each<[string, RunReport]>([
    ["a run that went well", aReport("out")],
    ["an exception", aReport("", { exitCode: 1, reported: { exception: "ValueError", errno: null } })],
    ["a denied call that many programs try", deniedCall("socket")],
  ])("for %s", (_, report) => {
    expect(doubtAbout(report, 1, policy)).toBeUndefined();
  });
});
