/** The composition root: the one place where the parts meet. */
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { connectDocker } from "./docker/connect-docker.ts";
import { DockerRuntime } from "./docker/docker-runtime.ts";
import type { Secret } from "./domain/secret.ts";
import { Admission } from "./engine/admission.ts";
import { Catalog } from "./engine/catalog.ts";
import { Executor } from "./engine/executor.ts";
import { loadPolicies } from "./engine/load-policies.ts";
import { type PoolSettings, Pools } from "./engine/pools.ts";
import { askReadiness, type Readiness } from "./engine/readiness.ts";
import { Reaper } from "./engine/reaper.ts";
import { repeat } from "./engine/repeat.ts";
import { Slots } from "./engine/slots.ts";
import { createHttp } from "./http/create-http.ts";
import { PrometheusTelemetry } from "./metrics/prometheus-telemetry.ts";
import { claimInstance } from "./store/instance.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { systemClock } from "./system-clock.ts";

const REAP_EVERY_MS = 15_000;
const PRUNE_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;

/** The only tenant until keys of several exist. */
const TENANT = "default";

export interface App {
  fetch: ReturnType<typeof createHttp>["fetch"];
  /** In the label of every container of this service. */
  instance: string;
  /** Resolves when the first warm sandbox is ready, or the pool has given up for now. */
  ready(): Promise<Readiness>;
  /** Refuses new executions and waits for accepted ones; those that still run after `drainMs` are cancelled. */
  drain(drainMs: number): Promise<void>;
  /** Removes every container and lets go of the state folder. Call it after `drain`. */
  close(): Promise<void>;
}

export interface AppDependencies {
  logger: Logger;
  /** undefined lets every request pass. */
  apiKey: Secret | undefined;
}

/**
 * Claims the state folder, removes what a crash left, starts the pools. Throws when any of it
 * fails, and then holds nothing.
 */
export const buildApp = async (config: Config, { logger, apiKey }: AppDependencies): Promise<App> => {
  await using held = new AsyncDisposableStack();
  const clock = systemClock;
  const policies = loadPolicies(config.CLOCHE_POLICIES_DIR);
  const instance = claimInstance(config.CLOCHE_STATE_DIR);
  held.defer(() => instance.release());
  const store = new SqliteStore({
    file: join(config.CLOCHE_STATE_DIR, "cloche.db"),
    synchronous: config.CLOCHE_STORE_SYNC === "full" ? "FULL" : "NORMAL",
    maxBytes: config.CLOCHE_RETENTION_BYTES,
  });
  held.defer(() => store.close());
  const runtime = new DockerRuntime({
    docker: connectDocker(config.DOCKER_HOST),
    instance: instance.id,
    policiesFolder: config.CLOCHE_POLICIES_DIR,
    clock,
  });

  const onFault = (err: unknown) => logger.warn({ err }, "sandbox fault");
  const catalog = new Catalog(runtime, policies);
  const admission = new Admission(config.CLOCHE_MAX_RUNNING, config.CLOCHE_MAX_QUEUED);
  const telemetry: PrometheusTelemetry = new PrometheusTelemetry(() => ({
    running: admission.running,
    queued: admission.queued,
    pools: pools.status(),
  }));
  const creates = new Slots(config.CLOCHE_POOL_CREATES);
  const pools: Pools = new Pools(toPoolSettings(config), { runtime, clock, telemetry, creates, onFault });
  const executor = new Executor({ admission, catalog, pools, store, clock, telemetry, onFault });
  held.defer(async () => {
    await pools.close();
    await executor.settle();
  });

  const reaper = new Reaper(runtime, clock, instance.id);
  const reap = async () => {
    const removed = await reaper.sweep();
    if (removed > 0) logger.warn({ removed }, "removed containers that nobody owned");
  };
  const prune = () => {
    store.prune(clock.now() - config.CLOCHE_RETENTION_HOURS * HOUR_MS);
    pools.closeIdle();
  };
  await reap();
  // The default policy's first image is kept warm from the start.
  const policy = catalog.policy("default");
  pools.pin(await catalog.image(undefined, policy), policy, TENANT);
  held.defer(repeat(clock, REAP_EVERY_MS, reap, onFault));
  held.defer(repeat(clock, PRUNE_EVERY_MS, prune, onFault));

  const readiness = () =>
    askReadiness(
      { engine: () => runtime.ping(), store: () => store.check(), pool: () => pools.assertServes() },
      pools.status(),
    );
  const http = createHttp({
    executor,
    store,
    catalog,
    readiness,
    metrics: () => telemetry.text(),
    apiKey,
    tenant: TENANT,
    maxBodyBytes: config.CLOCHE_MAX_BODY_BYTES,
    onError: (err, requestId) => logger.error({ err, requestId }, "request failed"),
  });

  const kept = held.move();
  return {
    fetch: http.fetch,
    instance: instance.id,
    ready: async () => {
      await pools.firstFilled();
      return await readiness();
    },
    drain: async (drainMs) => {
      const cancelLate = clock.after(drainMs, () => executor.cancelAll());
      await admission.drain();
      cancelLate();
    },
    close: () => kept.disposeAsync(),
  };
};

const toPoolSettings = (config: Config): PoolSettings => ({
  target: config.CLOCHE_POOL_TARGET,
  maxWarm: config.CLOCHE_POOL_MAX_WARM,
  idleMs: config.CLOCHE_POOL_IDLE_MS,
  maxFailures: 5,
  backoffMs: 250,
  stoppedMs: 30_000,
  pingTimeoutMs: 1_000,
  refillDelayMs: 50,
});
