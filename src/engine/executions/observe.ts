/** Turns what the runtime reports of a run into what the caller gets. */
import { constants } from "node:os";
import { type Observation, toOutputFile, toText } from "../../domain/observation.ts";
import { type Evidence, outcomeOf } from "../../domain/outcome.ts";
import type { RunReport } from "../ports/runtime.ts";
import { toResultForms } from "./result-forms.ts";

/** Where a number has two names, as SIGABRT and SIGIOT, the first and usual one. */
const signalNames = new Map(
  Object.entries(constants.signals)
    .reverse()
    .map(([name, number]) => [number, name]),
);

export const observe = (report: RunReport): Observation => {
  const { stdout, stderr, results, outputs, end } = report;
  const out = toText(stdout);
  const err = toText(stderr);
  const common = {
    stdout: out.text,
    ...(out.base64 === undefined ? {} : { stdoutBase64: out.base64 }),
    stderr: err.text,
    ...(err.base64 === undefined ? {} : { stderrBase64: err.base64 }),
    results: results.map(toResultForms),
    outputs: {
      files: outputs.files.map(({ path, content }) => toOutputFile(path, content)),
      skipped: outputs.skipped,
    },
  };
  if (end.kind === "launcher") return { ...common, ...fromEvidence(end.evidence) };
  if (end.kind === "refused") return { ...common, ...neverRan };
  return { ...common, ...fromLoss(end.cause, end.wallMs, stdout.length, stderr.length) };
};

const fromEvidence = (evidence: Evidence) => ({
  outcome: outcomeOf(evidence),
  exitCode: evidence.exitCode,
  evidence: {
    signal: evidence.signal === null ? null : (signalNames.get(evidence.signal) ?? `SIG${evidence.signal}`),
    killedBy: evidence.killedBy,
    oomKills: evidence.oomKills,
    refusedForks: evidence.refusedForks,
    reported: evidence.reported,
    disk: evidence.disk,
    interrupted: evidence.interrupted,
    endedBy: evidence.endedBy,
    stragglers: evidence.stragglers,
  },
  usage: {
    wallMs: evidence.wallMs,
    cpuMs: evidence.cpuMs,
    userMs: evidence.userMs,
    systemMs: evidence.systemMs,
    memoryPeakBytes: evidence.memoryPeakBytes,
    stdoutBytes: evidence.stdoutBytes,
    stderrBytes: evidence.stderrBytes,
  },
  denied: evidence.denied,
  truncated: { stdout: evidence.stdoutTruncated, stderr: evidence.stderrTruncated },
});

const lost = {
  memory: { outcome: "memory_limit", killedBy: "kernel_memory" },
  wall: { outcome: "time_limit", killedBy: "service" },
  cancel: { outcome: "cancelled", killedBy: "service" },
} as const;

/** There was no launcher, or none any more, to tell what was denied. */
const nobodyCounted: Observation["denied"] = { reportedBy: "none", total: 0, calls: [], truncated: false };

/** The container ended before its launcher could say how; what is known comes from the engine and our clock. */
const fromLoss = (
  cause: keyof typeof lost,
  wallMs: number,
  stdoutBytes: number,
  stderrBytes: number,
): Omit<Observation, "stdout" | "stderr" | "results" | "outputs"> => ({
  outcome: lost[cause].outcome,
  exitCode: null,
  evidence: {
    signal: "SIGKILL",
    killedBy: lost[cause].killedBy,
    oomKills: null,
    refusedForks: null,
    reported: null,
    disk: null,
    interrupted: false,
    endedBy: "service",
    stragglers: 0,
  },
  usage: {
    wallMs,
    cpuMs: null,
    userMs: null,
    systemMs: null,
    memoryPeakBytes: null,
    stdoutBytes,
    stderrBytes,
  },
  denied: nobodyCounted,
  // What was in flight when the container went is gone, and nobody can say how much it was.
  truncated: { stdout: true, stderr: true },
});

/** There was no room for a process of its own beside those that the session has. */
const neverRan: Omit<Observation, "stdout" | "stderr" | "results" | "outputs"> = {
  outcome: "process_limit",
  exitCode: null,
  evidence: {
    signal: null,
    killedBy: null,
    oomKills: null,
    refusedForks: 1,
    reported: null,
    disk: null,
    interrupted: false,
    endedBy: "service",
    stragglers: 0,
  },
  usage: {
    wallMs: 0,
    cpuMs: 0,
    userMs: 0,
    systemMs: 0,
    memoryPeakBytes: null,
    stdoutBytes: 0,
    stderrBytes: 0,
  },
  denied: nobodyCounted,
  truncated: { stdout: false, stderr: false },
};

/** An execution that was cancelled while it waited: nothing of it ran. */
export const neverBegan: Observation = {
  stdout: "",
  stderr: "",
  results: [],
  outputs: { files: [], skipped: [] },
  ...fromLoss("cancel", 0, 0, 0),
  truncated: { stdout: false, stderr: false },
};
