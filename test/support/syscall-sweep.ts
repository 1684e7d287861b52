/** Calls of all numbers in a sandbox, and what came of each. */

import type { OpenSandbox } from "../../scripts/seccomp/sandbox.ts";
import type { DeniedCalls } from "../../src/domain/syscalls.ts";

/** A number and its arguments; -1 for each that is not given. */
export type Probe = [number: number, ...args: number[]];

/** The error's number, 0 for none, or that the process did not come back from the call. */
export type Came = number | "ended";

/** The launcher counts at most 64 kinds of denied calls in one run. */
const AT_ONCE = 60;

/** Each call is announced before it is made, and bounded: one that waits is ended by the timer. */
const program = (probes: readonly Probe[]) => `
import ctypes, os, signal
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
me = os.getpid()
for number, *given in ${JSON.stringify(probes)}:
    arguments = (given + [-1] * 6)[:6]
    os.write(1, f"{number} ".encode())
    signal.setitimer(signal.ITIMER_REAL, 0.3)
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *map(ctypes.c_long, arguments))
    error = ctypes.get_errno() if result == -1 else 0
    if os.getpid() != me:
        os._exit(0)
    os.write(1, f"{error}\\n".encode())
os._exit(0)`;

export interface Swept {
  /** In the order of the probes. */
  came: Came[];
  /** Names of what was reported as denied. */
  denied: Set<string>;
}

export const sweep = async ({ run }: OpenSandbox, probes: readonly Probe[]): Promise<Swept> => {
  const came: Came[] = [];
  const denied = new Set<string>();
  while (came.length < probes.length) {
    const report = await run(program(probes.slice(came.length, came.length + AT_ONCE)));
    const lines = report.stdout
      .toString()
      .split("\n")
      .filter((line) => line !== "");
    if (lines.length === 0) throw new Error(`the sweep did not begin: ${report.stderr}`);
    for (const line of lines) {
      const [number, error] = line.split(" ");
      if (Number(number) !== probes[came.length]?.[0]) throw new Error(`the sweep lost its way: ${line}`);
      came.push(error ? Number(error) : "ended");
    }
    if (report.end.kind !== "launcher") throw new Error("the sandbox ended");
    for (const { call } of wholeReport(report.end.evidence.denied)) denied.add(call);
  }
  return { came, denied };
};

const wholeReport = ({ truncated, calls }: DeniedCalls) => {
  if (truncated) throw new Error("the report of denied calls is not whole");
  return calls;
};
