/** What became of the user's code. A closed union; never an HTTP error. */
import { z } from "zod";
import { deniedCallsSchema } from "./syscalls.ts";

export const outcomes = {
  ok: "The program ended with exit code 0",
  exception: "An exception reached the top of the program",
  nonzero_exit: "The program ended by itself with an exit code other than 0",
  signalled: "A signal that Cloche did not send ended the program",
  time_limit: "The wall time ran out",
  cpu_limit: "The CPU time of all processes together ran out",
  memory_limit: "The kernel killed a process of the run for memory",
  output_limit: "stdout and stderr together went past their bound",
  process_limit: "The run met the limit of processes and threads and failed by it",
  disk_limit: "A file system or a file could not grow any more and the program failed by it",
  cancelled: "The caller cancelled or interrupted the run, reset or closed its session, or went away",
} as const;

export type Outcome = keyof typeof outcomes;
export const outcomeSchema = z.enum(Object.keys(outcomes) as [Outcome, ...Outcome[]]);

const count = z.int().min(0);
const milliseconds = z.number().min(0);

/** What a launcher ends a run for. */
export const killers = ["wall", "cpu", "output", "processes", "cancel", "corrupted"] as const;

/**
 * The launcher's record of how a run ended: the kernel's word, but for `reported` and, where `endedBy` is
 * `interpreter`, exitCode, which the interpreter that ran the code said of itself.
 */
export const evidenceSchema = z.strictObject({
  exitCode: z.int().min(0).max(255).nullable(),
  signal: z.int().min(1).max(64).nullable(),
  killedBy: z.enum(killers).nullable(),
  oomKills: count.nullable(),
  refusedForks: count.nullable(),
  // The one field that user code can write to: whatever it holds must not spoil the others.
  reported: z
    .strictObject({ exception: z.string().max(64), errno: count.nullable() })
    .nullable()
    .catch(null),
  disk: z.strictObject({ freeBytes: count, freeInodes: count }),
  stragglers: count,
  stdoutBytes: count,
  stderrBytes: count,
  stdoutTruncated: z.boolean(),
  stderrTruncated: z.boolean(),
  wallMs: milliseconds,
  cpuMs: milliseconds.nullable(),
  userMs: milliseconds.nullable(),
  systemMs: milliseconds.nullable(),
  memoryPeakBytes: count.nullable(),
  /** The run was sent an interrupt. */
  interrupted: z.boolean(),
  /** Whose end this is: the run's process, or the session's interpreter, which says so itself and goes on. */
  endedBy: z.enum(["process", "interpreter"]),
  /** Which of the session's interpreters ran it, from 1; 0: none did. */
  interpreter: count,
  /** The interpreter's variables are gone with this run. */
  stateLost: z.boolean(),
  denied: deniedCallsSchema,
});
export type Evidence = z.infer<typeof evidenceSchema>;

const ENOSPC = 28;
const EFBIG = 27;
const EDQUOT = 122;
const SIGINT = 2;
const SIGKILL = 9;

const outcomeOfKill = {
  wall: "time_limit",
  cpu: "cpu_limit",
  output: "output_limit",
  processes: "process_limit",
  cancel: "cancelled",
  // The code broke the interpreter's side of the launcher's pipe, as it might have ended it.
  corrupted: "signalled",
} as const;

/**
 * Names the outcome. The rule: a kill of ours names itself; else a program that ended well is
 * `ok` whatever limits it met and survived; else an interrupt that it ended by; else the limit
 * whose kernel counter rose names it; else how the program itself ended.
 */
export const outcomeOf = (evidence: Evidence): Outcome => {
  const { exitCode, signal, killedBy, reported } = evidence;
  const oom = (evidence.oomKills ?? 0) > 0;
  // The kernel's kill for memory may come first and ours right after it.
  if (oom && signal === SIGKILL && killedBy !== "output" && killedBy !== "cancel") return "memory_limit";
  if (killedBy !== null) return outcomeOfKill[killedBy];
  if (exitCode === 0) return "ok";
  if (evidence.interrupted && (reported?.exception === "KeyboardInterrupt" || signal === SIGINT))
    return "cancelled";
  if (oom) return "memory_limit";
  const errno = reported?.errno;
  if (errno === ENOSPC || errno === EFBIG || errno === EDQUOT) return "disk_limit";
  if ((evidence.refusedForks ?? 0) > 0) return "process_limit";
  if (signal !== null) return "signalled";
  return reported !== null && exitCode === 1 ? "exception" : "nonzero_exit";
};
