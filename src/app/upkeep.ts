import type { Config } from "../config.ts";
import type { LateWrites } from "../engine/late-writes.ts";
import type { Clock } from "../engine/ports/clock.ts";
import type { PostureKeeper } from "../engine/posture/posture-keeper.ts";
import { repeat } from "../engine/repeat.ts";
import type { EngineWatch } from "../engine/sandboxes/engine-watch.ts";
import type { Leases } from "../engine/sandboxes/leases.ts";
import type { Pools } from "../engine/sandboxes/pools.ts";
import type { Sessions } from "../engine/sessions/sessions.ts";
import type { Records } from "./open-records.ts";
import { DAY_MS, HOUR_MS } from "./times.ts";

const REAP_EVERY_MS = 15_000;
const LOOK_EVERY_MS = 5_000;
const HEARTBEAT_EVERY_MS = 5_000;
const HEARTBEAT_MS = 4_000;
const LATE_EVERY_MS = 500;
const POSTURE_EVERY_MS = 60_000;
const AUDIT_EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 60_000;

interface Upkept extends Pick<Records, "audit" | "store"> {
  clock: Clock;
  reap(): Promise<void>;
  engineWatch: EngineWatch;
  sessions: Sessions;
  late: LateWrites;
  posture: PostureKeeper;
  pools: Pools;
  leases: Leases;
  onFault(error: unknown): void;
}

/** What is done again and again as long as the service lives. `held` ends it. */
export const startUpkeep = (
  config: Config,
  held: AsyncDisposableStack,
  { clock, reap, engineWatch, sessions, late, audit, store, posture, pools, leases, onFault }: Upkept,
): void => {
  const prune = () => {
    const oldest = clock.now() - config.CLOCHE_RETENTION_HOURS * HOUR_MS;
    store.prune({
      executionsBefore: oldest,
      sessionsEndedBefore: oldest,
      cohortsBefore: oldest,
      proofsBefore: oldest,
      idempotencyBefore: clock.now() - DAY_MS,
      usageBeforeDay: new Date(oldest).toISOString().slice(0, 10),
    });
    audit.prune();
    pools.closeIdle();
    leases.closeIdle();
  };
  const every = (ms: number, work: () => void | Promise<void>) =>
    held.defer(repeat(clock, ms, work, onFault));
  every(REAP_EVERY_MS, reap);
  every(LOOK_EVERY_MS, () => engineWatch.look().catch(() => {}));
  every(HEARTBEAT_EVERY_MS, () => sessions.heartbeat(HEARTBEAT_MS));
  every(LATE_EVERY_MS, () => late.retry());
  every(AUDIT_EVERY_MS, () => audit.tick());
  every(PRUNE_EVERY_MS, prune);
  every(POSTURE_EVERY_MS, () => posture.refresh());
};
