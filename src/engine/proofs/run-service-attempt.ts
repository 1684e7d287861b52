/** An attempt on the service: its control, the attempt, a clean run through the same door, and the canary. */
import type { AttemptResult, Statement } from "../../domain/proof.ts";
import type { PlantedCanary } from "../ports/host-canary.ts";
import type { ServiceAttempt } from "./attempt.ts";
import { type Judgement, weigh } from "./judge.ts";
import { type AttackWorld, made, posting } from "./service-attempts/attack-world.ts";

/** Rejects with the signal's reason only. */
export const runServiceAttempt = async (
  attempt: ServiceAttempt,
  world: AttackWorld,
  canary: PlantedCanary,
): Promise<AttemptResult> => {
  const { clock, signal } = world;
  const started = clock.monotonic();
  const { wallMs, needsKeys: _, ...info } = attempt.head;
  const within = { world, wallMs };
  const control = await tell(() => attempt.control(world), within);
  const tried = await tell(() => attempt.attempt(world), within);
  const judgement: Judgement = {
    verdict: !tried.statement ? "inconclusive" : tried.statement.reached ? "escaped" : "blocked",
    evidence: tried.statement?.saw ?? tried.detail,
  };
  const checks = {
    control: {
      succeeded: control.statement?.reached ?? false,
      evidence: control.statement?.saw ?? control.detail,
    },
    cleanRun: await cleanRun(world),
    canary: await canary.look([]),
  };
  signal.throwIfAborted();
  return {
    ...info,
    ...weigh(judgement, checks),
    ...checks,
    denied: [],
    ms: Math.round(clock.monotonic() - started),
  };
};

const tell = async (
  act: () => Promise<Statement>,
  { world: { clock, signal }, wallMs }: { world: AttackWorld; wallMs: number },
): Promise<{ statement?: Statement; detail: string }> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const stop = clock.after(wallMs, () => reject(new Error(`it was not over after ${wallMs} ms`)));
  try {
    signal.throwIfAborted();
    return { statement: await Promise.race([act(), late]), detail: "" };
  } catch (error) {
    return { detail: `it failed: ${error instanceof Error ? error.message : String(error)}` };
  } finally {
    stop();
  }
};

/** Somebody else's request right after it. */
const cleanRun = async ({ alice, policy, image }: AttackWorld): Promise<AttemptResult["cleanRun"]> => {
  try {
    const answer = await alice.ask("/v1/executions", posting({ code: "print(6 * 7)", policy, image }));
    const { observation } = await made<{ observation: { stdout: string } }>(answer, 200);
    const ok = observation.stdout === "42\n";
    return { ok, evidence: ok ? "another tenant's next run was right" : `it printed ${observation.stdout}` };
  } catch (error) {
    return {
      ok: false,
      evidence: `another tenant's next run failed: ${error instanceof Error ? error.message : error}`,
    };
  }
};
