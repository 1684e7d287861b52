/** What a service's pool holds and whether it was hit, from its public doors. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClocheClient } from "./cloche-client.ts";

/** After the last create the engine still removes and tidies up, which no door tells of. */
const settleMs = 250;
const timeoutMs = 60_000;

/** Waits until the pools are full and nothing is being created, so that no work of ours disturbs what comes next. */
export async function waitUntilQuiet(...clients: ClocheClient[]): Promise<void> {
  const giveUpAt = Date.now() + timeoutMs;
  while (!(await Promise.all(clients.map(isQuiet))).every(Boolean)) {
    if (Date.now() > giveUpAt) throw new Error("the pools did not fill within a minute");
    await sleep(20);
  }
  await sleep(settleMs);
}

async function isQuiet(client: ClocheClient): Promise<boolean> {
  const { pools } = await client.readiness();
  return pools.every(({ warm, target, creating }) => warm >= target && creating === 0);
}

/** How many executions got a warm sandbox so far. */
export async function countHits(client: ClocheClient): Promise<number> {
  const [, count] = /^cloche_pool_acquires_total\{result="hit"\} (\d+)$/m.exec(await client.metrics()) ?? [];
  if (count === undefined) throw new Error("the service's metrics do not count pool hits");
  return Number(count);
}
