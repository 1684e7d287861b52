/** One proof from its first sandbox to its last: what came of each attempt is told as it comes. */

import type { Policy } from "../../domain/policy.ts";
import type { AttemptResult } from "../../domain/proof.ts";
import type { Admission } from "../admission/admission.ts";
import type { PlantedCanary } from "../ports/host-canary.ts";
import type { SandboxFacts } from "../ports/runtime.ts";
import { PROOF_TENANT } from "../tenants/reserved.ts";
import { type Attempt, isProgram } from "./attempt.ts";
import { findings } from "./clean-run.ts";
import { ProofSandbox, type ProofSandboxDependencies, type Stage } from "./proof-sandbox.ts";
import { runAttempt } from "./run-attempt.ts";
import { runServiceAttempt } from "./run-service-attempt.ts";
import type { AttackWorld } from "./service-attempts/attack-world.ts";

/** At a time: users of the service come first. */
const AT_ONCE = 2;

export interface ProofPlan {
  policy: Policy;
  image: Stage["image"];
  attempts: Attempt[];
  /** The stage of an attempt that names an image of its own. */
  stageOf(attempt: Attempt): Promise<Stage>;
  /** What service attempts work with. */
  world: Omit<AttackWorld, "tokens" | "signal">;
}

export interface RunProofDependencies extends Omit<ProofSandboxDependencies, "canary"> {
  admission: Pick<Admission, "enter">;
  canary: PlantedCanary;
}

export interface ProofListener {
  begun(facts: SandboxFacts | undefined): void;
  underWay(titles: string[]): void;
  result(result: AttemptResult): void;
}

/** Rejects when the first clean run fails, and with the signal's reason. */
export const runProof = async (
  plan: ProofPlan,
  deps: RunProofDependencies,
  listener: ProofListener,
  signal: AbortSignal,
): Promise<void> => {
  const clean = await firstRun(plan, deps, listener, signal);
  const waiting = [...plan.attempts];
  const titles = new Set<string>();
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const work = async () => {
    for (let attempt = waiting.shift(); attempt; attempt = waiting.shift()) {
      const leave = await deps.admission.enter({ tenant: PROOF_TENANT, sandbox: true, signal: either });
      try {
        titles.add(attempt.head.title);
        listener.underWay([...titles]);
        listener.result(await runOne(attempt, plan, clean, deps, either));
      } finally {
        titles.delete(attempt.head.title);
        leave();
      }
    }
  };
  const worker = async () => {
    try {
      await work();
    } catch (error) {
      stop.abort(error);
      throw error;
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: AT_ONCE }, worker));
  for (const one of ended) if (one.status === "rejected") throw one.reason;
};

/** Before any attempt: what a run finds where nobody was. */
const firstRun = async (
  { policy, image }: ProofPlan,
  deps: RunProofDependencies,
  listener: ProofListener,
  signal: AbortSignal,
): Promise<Map<string, string>> => {
  const sandbox = await ProofSandbox.open({ policy, image, without: [] }, deps, signal);
  try {
    listener.begun(sandbox.facts);
    return new Map([[image.digest, await findings(sandbox, signal)]]);
  } finally {
    await sandbox.close();
  }
};

const runOne = async (
  attempt: Attempt,
  { stageOf, world }: ProofPlan,
  clean: Map<string, string>,
  deps: RunProofDependencies,
  signal: AbortSignal,
): Promise<AttemptResult> => {
  const { canary } = deps;
  if (!isProgram(attempt))
    return await runServiceAttempt(attempt, { ...world, signal, tokens: canary.tokens }, canary);
  const stage = await stageOf(attempt);
  const known = clean.get(stage.image.digest) ?? (await cleanOf(stage, deps, signal));
  clean.set(stage.image.digest, known);
  return await runAttempt(attempt, { stage, clean: known }, deps, signal);
};

const cleanOf = async (stage: Stage, deps: RunProofDependencies, signal: AbortSignal): Promise<string> => {
  const sandbox = await ProofSandbox.open(stage, deps, signal);
  try {
    return await findings(sandbox, signal);
  } finally {
    await sandbox.close();
  }
};
