/** The composition root: the one place where the parts meet. */
import { join } from "node:path";
import type { Logger } from "pino";
import type { Config } from "./config.ts";
import { connectDocker } from "./docker/connect-docker.ts";
import { DockerRuntime } from "./docker/docker-runtime.ts";
import { ServiceError } from "./domain/errors.ts";
import { Admission } from "./engine/admission.ts";
import { Catalog } from "./engine/catalog.ts";
import { Executor } from "./engine/executor.ts";
import { loadPolicies } from "./engine/load-policies.ts";
import { Pools } from "./engine/pools.ts";
import type { ContainerRuntime } from "./engine/ports.ts";
import { Reaper } from "./engine/reaper.ts";
import { Slots } from "./engine/slots.ts";
import { createHttp } from "./http/create-http.ts";
import type { Readiness } from "./http/routes/health.ts";
import { PrometheusTelemetry } from "./metrics/prometheus-telemetry.ts";
import { claimInstance } from "./store/instance.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { systemClock } from "./system-clock.ts";

const REAP_EVERY_MS = 15_000;
const PRUNE_EVERY_MS = 60_000;

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
  apiKey: string | undefined;
  /** Tests put a fake here. */
  runtime?: ContainerRuntime;
}

/** Claims the state folder, removes what a crash left, starts the pools. Throws when any of it fails. */
export const buildApp = async (
  config: Config,
  { logger, apiKey, runtime }: AppDependencies,
): Promise<App> => {
  const policies = loadPolicies(config.CLOCHE_POLICIES_DIR);
  const instance = claimInstance(config.CLOCHE_STATE_DIR);
  const store = new SqliteStore(
    join(config.CLOCHE_STATE_DIR, "cloche.db"),
    config.CLOCHE_STORE_SYNC === "full" ? "FULL" : "NORMAL",
  );
  const containers =
    runtime ??
    new DockerRuntime({
      docker: connectDocker(config.DOCKER_HOST),
      instance: instance.id,
      policiesFolder: config.CLOCHE_POLICIES_DIR,
      clock: systemClock,
    });
  const onFault = (err: unknown) => logger.warn({ err }, "sandbox fault");
  const catalog = new Catalog(containers, policies);
  const admission = new Admission(config.CLOCHE_MAX_RUNNING, config.CLOCHE_MAX_QUEUED);
  const telemetry: PrometheusTelemetry = new PrometheusTelemetry(() => ({
    running: admission.running,
    queued: admission.queued,
    pools: pools.status(),
  }));
  const pools: Pools = new Pools(
    {
      target: config.CLOCHE_POOL_TARGET,
      maxWarm: config.CLOCHE_POOL_MAX_WARM,
      idleMs: config.CLOCHE_POOL_IDLE_MS,
      maxFailures: 5,
      backoffMs: 250,
      stoppedMs: 30_000,
      pingTimeoutMs: 1_000,
      refillDelayMs: 50,
    },
    {
      runtime: containers,
      clock: systemClock,
      telemetry,
      creates: new Slots(config.CLOCHE_POOL_CREATES),
      onFault,
    },
  );
  const executor = new Executor({
    admission,
    catalog,
    pools,
    store,
    clock: systemClock,
    telemetry,
    onFault,
  });
  const reaper = new Reaper(containers, systemClock, instance.id);

  const readiness = async (): Promise<Readiness> => {
    const checks = [
      await check("engine", () => containers.ping()),
      await check("store", () => store.check()),
      await check("pool", () => pools.assertServes()),
    ];
    return { ready: checks.every(({ ok }) => ok), checks, pools: pools.status() };
  };

  const reap = async () => {
    const removed = await reaper.sweep();
    if (removed > 0) logger.warn({ removed }, "removed containers that nobody owned");
  };
  await reap();
  await pinDefault(catalog, pools);
  const timers = [
    every(REAP_EVERY_MS, reap, onFault),
    every(PRUNE_EVERY_MS, () => prune(config, store, pools), onFault),
  ];

  const http = createHttp({
    executor,
    store,
    catalog,
    readiness,
    metrics: () => telemetry.text(),
    apiKey,
    maxBodyBytes: config.CLOCHE_MAX_BODY_BYTES,
    onError: (err, requestId) => logger.error({ err, requestId }, "request failed"),
  });

  return {
    fetch: http.fetch,
    instance: instance.id,
    ready: async () => {
      while (pools.status().some(({ state, warm }) => state === "filling" && warm === 0)) {
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      return await readiness();
    },
    drain: async (drainMs) => {
      const late = setTimeout(() => executor.cancelAll(), drainMs);
      await admission.drain();
      clearTimeout(late);
    },
    close: async () => {
      for (const timer of timers) clearInterval(timer);
      await pools.close();
      await executor.settle();
      store.close();
      instance.release();
    },
  };
};

/** The default policy's first image is kept warm from the start. */
const pinDefault = async (catalog: Catalog, pools: Pools): Promise<void> => {
  const policy = catalog.policy("default");
  pools.pin(await catalog.image(undefined, policy), policy, "default");
};

const check = async (name: string, probe: () => void | Promise<void>) => {
  try {
    await probe();
    return { name, ok: true, detail: "ok" };
  } catch (error) {
    // Whoever asks may have no key: only what is meant to be shown.
    return {
      name,
      ok: false,
      detail: error instanceof ServiceError ? error.message : "it failed; see the log",
    };
  }
};

const prune = (config: Config, store: SqliteStore, pools: Pools): void => {
  store.prune(Date.now() - config.CLOCHE_RETENTION_HOURS * 3_600_000, config.CLOCHE_RETENTION_BYTES);
  pools.closeIdle();
};

const every = (ms: number, work: () => void | Promise<void>, onFault: (error: unknown) => void) =>
  setInterval(() => {
    void (async () => await work())().catch(onFault);
  }, ms).unref();
