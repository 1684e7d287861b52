/** What happens to the service in the middle of its work: it is killed, and its engine goes away for a while. */
import { setTimeout as sleep } from "node:timers/promises";
import { readinessSchema } from "../../src/http/routes/health.ts";
import type { RestartEngine } from "./restart-engine.ts";
import type { ServiceLives } from "./service-lives.ts";
import type { Tally } from "./tally.ts";

export interface Disturbance {
  what: string;
  /** Until requests are served again. */
  backAfterMs: number;
}

const readyWithinMs = 60_000;
const pollMs = 100;
/** Clients that waited come all at once. */
const settleMs = 3_000;

interface Plan {
  service: ServiceLives;
  restartEngine: RestartEngine | undefined;
  tally: Tally;
  totalMs: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** The kill at 40 % of the time, the engine's restart at 70 %. */
export async function disturb(plan: Plan): Promise<Disturbance[]> {
  const { service, restartEngine, totalMs, signal } = plan;
  const done: Disturbance[] = [];
  await sleep(totalMs * 0.4, undefined, { signal });
  done.push(
    await time(plan, "kill -9 of the service", async () => {
      await service.kill();
      await service.start();
    }),
  );
  await sleep(totalMs * 0.3, undefined, { signal });
  if (restartEngine) done.push(await time(plan, "restart of the engine", restartEngine));
  return done;
}

async function time(
  { service, tally, log }: Plan,
  what: string,
  work: () => Promise<void>,
): Promise<Disturbance> {
  log(what);
  return await tally.whileDisturbed(async () => {
    const startedAt = performance.now();
    await work();
    await untilReady(service);
    const backAfterMs = performance.now() - startedAt;
    log(`${what}: ready again after ${(backAfterMs / 1000).toFixed(1)} s`);
    await sleep(settleMs);
    return { what, backAfterMs };
  });
}

async function untilReady({ url }: ServiceLives): Promise<void> {
  const deadline = performance.now() + readyWithinMs;
  for (;;) {
    const answer = await fetch(new URL("/readyz", url)).catch(() => undefined);
    if (answer?.ok && readinessSchema.parse(await answer.json()).ready) return;
    await answer?.body?.cancel();
    if (performance.now() > deadline)
      throw new Error(`the service is not ready ${readyWithinMs / 1000} s later`);
    await sleep(pollMs);
  }
}
