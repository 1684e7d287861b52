/** Takes a program through its steps: each in what follows the one before, or all at once. */
import type { SandboxTraces } from "../ports/host-canary.ts";
import type { ProgramAttempt } from "./attempt.ts";
import { ProofSandbox, type ProofSandboxDependencies, type Ran, type Stage } from "./proof-sandbox.ts";

export interface Carried {
  steps: Ran[];
  /** Of the sandboxes that are done with; each is there when its sandbox is gone. */
  traces: Promise<SandboxTraces>[];
  /** Tier `cell`: the one that the last step ran in, for whoever comes next. */
  last: ProofSandbox | undefined;
  /** Tier `cell`: what was left between two steps. */
  residue: string[];
}

interface Way {
  /** Made ahead, for the first step. */
  first?: Promise<ProofSandbox> | undefined;
  stage: Stage;
  mode: "attempt" | "control";
  deps: ProofSandboxDependencies;
  signal: AbortSignal;
}

/** Rejects where a sandbox fails, as its runtime does; then nothing is left open. */
export const carrySteps = async (attempt: ProgramAttempt, way: Way): Promise<Carried> => {
  const carried: Carried = { steps: [], traces: [], last: undefined, residue: [] };
  const { order, steps } = attempt.head;
  try {
    if (order === "beside" && steps > 1) await allAtOnce(attempt, way, carried);
    else await oneByOne(attempt, way, carried);
    return carried;
  } catch (error) {
    await carried.last?.close();
    await Promise.allSettled(carried.traces);
    throw error;
  }
};

const programOf = ({ head, program }: ProgramAttempt, mode: string, step: number) => ({
  code: program,
  args: [String(step), mode],
  wallMs: head.wallMs,
});

const oneByOne = async (attempt: ProgramAttempt, way: Way, carried: Carried) => {
  const { first, stage, mode, signal } = way;
  for (let step = 1; step <= attempt.head.steps; step += 1) {
    carried.last = step === 1 && first ? await first : await nextOf(carried, way);
    carried.steps.push(await carried.last.run(programOf(attempt, mode, step), signal));
  }
  // A container that ran anything is never used again.
  if (stage.policy.isolation.tier === "container") leave(carried);
};

/** The next cell of the same container, or the next container. */
const nextOf = async (carried: Carried, { stage, deps, signal }: Way): Promise<ProofSandbox> => {
  if (carried.last && stage.policy.isolation.tier === "cell") {
    const residue = await carried.last.wipe();
    if (residue.length === 0) return carried.last;
    carried.residue.push(...residue);
  }
  leave(carried);
  return await ProofSandbox.open(stage, deps, signal);
};

/** The removal goes on beside what comes next. */
const leave = (carried: Carried): void => {
  if (carried.last) carried.traces.push(closing(carried.last));
  carried.last = undefined;
};

/** Whoever waits for it is told of a failure, and nobody else. */
export const closing = (sandbox: ProofSandbox): Promise<SandboxTraces> => {
  const closed = sandbox.close();
  closed.catch(() => {});
  return closed;
};

/** All are there before the first begins, so that they meet. */
const allAtOnce = async (attempt: ProgramAttempt, { stage, mode, deps, signal }: Way, carried: Carried) => {
  const open: ProofSandbox[] = [];
  try {
    for (let step = 1; step <= attempt.head.steps; step += 1)
      open.push(await ProofSandbox.open(stage, deps, signal));
    const ran = await Promise.allSettled(
      open.map((sandbox, index) => sandbox.run(programOf(attempt, mode, index + 1), signal)),
    );
    for (const one of ran) {
      if (one.status === "rejected") throw one.reason;
      carried.steps.push(one.value);
    }
  } finally {
    carried.traces.push(...open.map(closing));
  }
};
