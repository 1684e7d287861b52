import { describe, expect, test } from "vitest";
import { type Evidence, type Outcome, outcomeOf, outcomes } from "../../../src/domain/outcome.ts";
import { someEvidence } from "../../support/builders.ts";

const cases: [string, Partial<Evidence>, Outcome][] = [
  ["exit code 0 is ok", {}, "ok"],
  ["exit code 0 is ok although forks were refused", { refusedForks: 3 }, "ok"],
  ["exit code 0 is ok although a child was killed for memory", { oomKills: 1 }, "ok"],
  [
    "a reported exception and exit code 1",
    { exitCode: 1, reported: { exception: "E", errno: null } },
    "exception",
  ],
  ["exit code 1 without a report", { exitCode: 1 }, "nonzero_exit"],
  [
    "a report but another exit code",
    { exitCode: 3, reported: { exception: "E", errno: null } },
    "nonzero_exit",
  ],
  ["an exit code that looks like a kill", { exitCode: 137 }, "nonzero_exit"],
  ["a signal", { exitCode: null, signal: 11 }, "signalled"],
  ["a kill by itself", { exitCode: null, signal: 9 }, "signalled"],
  ["a kill with a rise of the memory counter", { exitCode: null, signal: 9, oomKills: 1 }, "memory_limit"],
  ["a failure after a child was killed for memory", { exitCode: 1, oomKills: 1 }, "memory_limit"],
  ["the wall timer", { exitCode: null, signal: 9, killedBy: "wall" }, "time_limit"],
  [
    "memory just before the wall timer",
    { exitCode: null, signal: 9, killedBy: "wall", oomKills: 1 },
    "memory_limit",
  ],
  ["the CPU watch", { exitCode: null, signal: 9, killedBy: "cpu" }, "cpu_limit"],
  ["a CPU limit of the program's own", { exitCode: null, signal: 24 }, "signalled"],
  ["the output cap", { exitCode: null, signal: 9, killedBy: "output" }, "output_limit"],
  ["the output cap although the program ended well", { killedBy: "output" }, "output_limit"],
  ["the process watch", { exitCode: null, signal: 9, killedBy: "processes" }, "process_limit"],
  [
    "an exception after a refused fork",
    { exitCode: 1, refusedForks: 1, reported: { exception: "BlockingIOError", errno: 11 } },
    "process_limit",
  ],
  ["a full file system", { exitCode: 1, reported: { exception: "OSError", errno: 28 } }, "disk_limit"],
  ["a file too large", { exitCode: 1, reported: { exception: "OSError", errno: 27 } }, "disk_limit"],
  ["a file size signal that the program asked for", { exitCode: null, signal: 25 }, "signalled"],
  ["a cancel", { exitCode: null, signal: 9, killedBy: "cancel" }, "cancelled"],
  ["an interpreter that the code broke", { exitCode: null, signal: 9, killedBy: "corrupted" }, "signalled"],
  [
    "an interrupt that reached the top",
    { exitCode: 1, interrupted: true, reported: { exception: "KeyboardInterrupt", errno: null } },
    "cancelled",
  ],
  ["an interrupt that ended the process", { exitCode: null, signal: 2, interrupted: true }, "cancelled"],
  ["an interrupt that the code got over", { interrupted: true }, "ok"],
  [
    "an interrupt, and another exception",
    { exitCode: 1, interrupted: true, reported: { exception: "ValueError", errno: null } },
    "exception",
  ],
  [
    "a KeyboardInterrupt of the code's own",
    { exitCode: 1, reported: { exception: "KeyboardInterrupt", errno: null } },
    "exception",
  ],
  ["a SIGINT of the code's own", { exitCode: null, signal: 2 }, "signalled"],
  [
    "an exception in the session's interpreter",
    { exitCode: 1, endedBy: "interpreter", interpreter: 1, reported: { exception: "E", errno: null } },
    "exception",
  ],
  [
    "counters that this host doesn't have",
    { exitCode: 1, oomKills: null, refusedForks: null },
    "nonzero_exit",
  ],
];

describe("outcomeOf", () => {
  test.each(cases)("%s", (_, change, outcome) => {
    expect(outcomeOf(someEvidence(change))).toBe(outcome);
  });

  test("every outcome is reached by a case", () => {
    const reached = new Set(cases.map(([, , outcome]) => outcome));
    expect([...reached].sort()).toEqual(Object.keys(outcomes).sort());
  });
});
