/** One attempt with all that shows what it is worth: control, attempt, clean run, canary. */
import type { AttemptResult } from "../../domain/proof.ts";
import type { Clock } from "../ports/clock.ts";
import type { PlantedCanary, SandboxTraces } from "../ports/host-canary.ts";
import type { ProgramAttempt } from "./attempt.ts";
import { type Carried, carrySteps, closing } from "./carry-steps.ts";
import { compareFindings, findings } from "./clean-run.ts";
import { type Judgement, judge, judgeControl, weigh } from "./judge.ts";
import { ProofSandbox, type ProofSandboxDependencies, type Stage } from "./proof-sandbox.ts";

export interface AttemptDependencies extends ProofSandboxDependencies {
  canary: PlantedCanary;
  clock: Clock;
}

export interface Setting {
  /** As the policy says it, for users. */
  stage: Stage;
  /** What the first run of the proof found. */
  clean: string;
}

/** For creating and removing sandboxes, besides what the programs may take. */
const SPARE_MS = 45_000;

const boundOf = ({ steps, wallMs }: { steps: number; wallMs: number }): number =>
  2 * steps * wallMs + SPARE_MS;

/** Rejects with the signal's reason only: whatever else fails is in the result. */
export const runAttempt = async (
  attempt: ProgramAttempt,
  { stage, clean }: Setting,
  deps: AttemptDependencies,
  cancel: AbortSignal,
): Promise<AttemptResult> => {
  const { clock, canary } = deps;
  const started = clock.monotonic();
  const late = new AbortController();
  const bound = boundOf(attempt.head);
  const stop = clock.after(bound, () => late.abort(new Error(`it was not over after ${bound} ms`)));
  const signal = AbortSignal.any([cancel, late.signal]);
  const traces: Promise<SandboxTraces>[] = [];
  try {
    // Made while the control runs.
    const first = isBeside(attempt) ? undefined : ProofSandbox.open(stage, deps, signal);
    first?.catch(() => {});
    const control = await tryControl(attempt, stage, deps, signal, traces);
    const tried = await tryIt(attempt, { stage, first }, deps, signal);
    const next = await nextRun(tried.carried, { stage, clean }, deps, signal, traces);
    const { gone, cleanRun } = await removed(traces, next);
    const looked = await canary.look(gone);
    const leaked = tried.carried?.steps.some((step) => step.leaked) ?? false;
    const host = leaked ? { ok: false, evidence: "it said what is in a planted file of the host" } : looked;
    cancel.throwIfAborted();
    return {
      ...infoOf(attempt),
      ...weigh(tried.judgement, { control, cleanRun, canary: host }),
      control,
      cleanRun,
      canary: host,
      denied: [...new Set(tried.carried?.steps.flatMap(({ denied }) => denied) ?? [])],
      ms: Math.round(clock.monotonic() - started),
    };
  } finally {
    stop();
  }
};

const isBeside = ({ head: { order, steps } }: ProgramAttempt) => order === "beside" && steps > 1;

/** A sandbox that could not be removed leaves open what there is to see of it. */
const removed = async (traces: Promise<SandboxTraces>[], cleanRun: AttemptResult["cleanRun"]) => {
  const ended = await Promise.allSettled(traces);
  const failure = ended.find((one) => one.status === "rejected");
  return {
    gone: ended.flatMap((one) => (one.status === "fulfilled" ? [one.value] : [])),
    cleanRun: failure
      ? { ok: false, evidence: `a sandbox could not be removed: ${messageOf(failure.reason)}` }
      : cleanRun,
  };
};

const infoOf = ({ head }: ProgramAttempt) => {
  const { id, name, title, class: kind, techniques, defences } = head;
  return { id, name, title, class: kind, techniques, defences };
};

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

/** The same program where its defence is off: Cloche's own code in a sandbox that nothing else gets. */
const controlStage = ({ image, policy }: Stage, { control }: ProgramAttempt["head"]): Stage => ({
  image,
  policy: { ...policy, limits: { ...policy.limits, ...definedOf(control.limits) }, require: [] },
  without: control.without,
});

const definedOf = <T extends object>(limits: T) =>
  Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));

const tryControl = async (
  attempt: ProgramAttempt,
  stage: Stage,
  deps: AttemptDependencies,
  signal: AbortSignal,
  traces: Promise<SandboxTraces>[],
) => {
  try {
    const way = { stage: controlStage(stage, attempt.head), mode: "control", deps, signal } as const;
    const carried = await carrySteps(attempt, way);
    if (carried.last) traces.push(closing(carried.last));
    traces.push(...carried.traces);
    return judgeControl(carried.steps);
  } catch (error) {
    return { succeeded: false, evidence: `it could not run: ${messageOf(error)}` };
  }
};

const tryIt = async (
  attempt: ProgramAttempt,
  way: { stage: Stage; first: Promise<ProofSandbox> | undefined },
  deps: AttemptDependencies,
  signal: AbortSignal,
): Promise<{ judgement: Judgement; carried: Carried | undefined }> => {
  try {
    const carried = await carrySteps(attempt, { ...way, mode: "attempt", deps, signal });
    return { judgement: judge(carried.steps, attempt.head.containedBy), carried };
  } catch (error) {
    const evidence = `the sandbox failed: ${messageOf(error)}`;
    return { judgement: { verdict: "inconclusive", evidence }, carried: undefined };
  }
};

/** In the next cell of the same container where the tier has cells and this one is still good; else in a new one. */
const nextRun = async (
  carried: Carried | undefined,
  { stage, clean }: Setting,
  deps: AttemptDependencies,
  signal: AbortSignal,
  traces: Promise<SandboxTraces>[],
): Promise<AttemptResult["cleanRun"]> => {
  if (carried) traces.push(...carried.traces);
  let sandbox = carried?.last;
  let thrownAway = "";
  try {
    const residue = sandbox ? await sandbox.wipe().catch((error: unknown) => [messageOf(error)]) : [];
    if (sandbox && residue.length > 0) {
      thrownAway = ` in a new container, since the cell's was thrown away: ${residue.join("; ")}`;
      traces.push(closing(sandbox));
      sandbox = undefined;
    }
    sandbox ??= await ProofSandbox.open(stage, deps, signal);
    const { ok, evidence } = compareFindings(await findings(sandbox, signal), clean);
    return { ok, evidence: evidence + thrownAway };
  } catch (error) {
    return { ok: false, evidence: `the next run failed: ${messageOf(error)}` };
  } finally {
    if (sandbox) traces.push(closing(sandbox));
  }
};
