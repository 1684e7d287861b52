import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { connectDocker } from "../docker/container/connect-docker.ts";
import { DockerRuntime } from "../docker/docker-runtime.ts";
import { DockerHost } from "../docker/posture/docker-host.ts";
import { ServiceError, shuttingDown } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import { Admission } from "../engine/admission/admission.ts";
import { Slots } from "../engine/admission/slots.ts";
import { Catalog } from "../engine/catalog/catalog.ts";
import { Executor } from "../engine/executions/executor.ts";
import { Ledger } from "../engine/executions/ledger.ts";
import { LateWrites } from "../engine/late-writes.ts";
import { loadKnownBad } from "../engine/posture/known-bad.ts";
import { PostureKeeper } from "../engine/posture/posture-keeper.ts";
import { postureLines } from "../engine/posture/posture-lines.ts";
import { recordRefusal } from "../engine/posture/record-refusal.ts";
import { isProofTenant, proofTenantLimits } from "../engine/proofs/open-world.ts";
import { askReadiness, type Readiness } from "../engine/readiness.ts";
import { Receipts } from "../engine/receipts/receipts.ts";
import { EngineWatch } from "../engine/sandboxes/engine-watch.ts";
import { Leases } from "../engine/sandboxes/leases.ts";
import { Pools } from "../engine/sandboxes/pools.ts";
import { Reaper } from "../engine/sandboxes/reaper.ts";
import { adoptSessions } from "../engine/sessions/adopt-sessions.ts";
import { Cohorts } from "../engine/sessions/cohorts.ts";
import { Sessions } from "../engine/sessions/sessions.ts";
import { DEFAULT_TENANT } from "../engine/tenants/keys.ts";
import { LimitsOfTenants } from "../engine/tenants/limits-of-tenants.ts";
import { Usage } from "../engine/tenants/usage.ts";
import type { createHttp } from "../http/create-http.ts";
import { PrometheusTelemetry } from "../metrics/prometheus-telemetry.ts";
import { loadResolvedPolicies } from "../policies/load-policies.ts";
import { claimInstance } from "../store/instance.ts";
import { systemClock } from "../system-clock.ts";
import { createFace } from "./face.ts";
import { openRecords } from "./open-records.ts";
import { toPoolSettings, toTenantLimits } from "./settings.ts";
import { startUpkeep } from "./upkeep.ts";

export interface App {
  fetch: ReturnType<typeof createHttp>["fetch"];
  /** In the label of every container of this service. */
  instance: string;
  /** Resolves when the first warm sandbox is ready, or the pool has given up for now. */
  ready(): Promise<Readiness>;
  /**
   * Refuses new executions and waits for accepted ones. After `drainMs` those that still run are cancelled, but
   * for those of sessions that are kept: these go on, for the next process to take over.
   */
  drain(drainMs: number, options: { keepSessions: boolean }): Promise<void>;
  /** Removes every container but those of kept sessions, and lets go of the state folder. Call it after `drain`. */
  close(): Promise<void>;
}

export interface AppDependencies {
  logger: Logger;
  /** undefined lets every request pass. */
  apiKey: Secret | undefined;
}

/**
 * Claims the state folder, takes over the sessions of the process before, removes what else a crash left,
 * starts the pools. Throws when any of it fails, and then holds nothing.
 */
export const buildApp = async (config: Config, { logger, apiKey }: AppDependencies): Promise<App> => {
  await using held = new AsyncDisposableStack();
  const clock = systemClock;
  const onFault = (err: unknown) => {
    logger.warn({ err }, "fault");
    // Whoever notices first that the engine is away makes it known.
    if (err instanceof ServiceError && err.code === "runtime_unavailable")
      void engineWatch.look().catch(() => {});
  };
  const resolved = loadResolvedPolicies(config.CLOCHE_POLICIES_DIR);
  const policies = resolved.map(({ policy }) => policy);
  const instance = claimInstance(config.CLOCHE_STATE_DIR);
  held.defer(() => instance.release());
  const { signer, audit, denials, store } = openRecords(config, held, {
    instance: instance.id,
    policies,
    clock,
    onFault,
  });
  const docker = connectDocker(config.DOCKER_HOST);
  const runtime = new DockerRuntime({
    docker,
    instance: instance.id,
    policiesFolder: config.CLOCHE_POLICIES_DIR,
    orphanMs: config.CLOCHE_ORPHAN_MS,
    clock,
  });

  const limits = new LimitsOfTenants({
    defaults: toTenantLimits(config),
    store: store.tenants,
    onChange: (tenant) => {
      admission.recheck(tenant);
      usage.recheck(tenant);
    },
  });
  const limitsOf = (tenant: string) => (isProofTenant(tenant) ? proofTenantLimits : limits.of(tenant));
  const admission: Admission = new Admission({
    maxRunning: config.CLOCHE_MAX_RUNNING,
    maxQueued: config.CLOCHE_MAX_QUEUED,
    boundsOf: limitsOf,
  });
  const usage: Usage = new Usage({
    store: store.tenants,
    clock,
    limitsOf: (tenant) => limits.of(tenant),
    onExhausted: (tenant) => void sessions.endAll("quota", tenant),
    onFault,
  });
  held.defer(() => usage.close());
  const charge = (tenant: string, used: { cpuMs: number; bytes: number }) => usage.charge(tenant, used);

  const catalog: Catalog = new Catalog(runtime, policies, (policy) => posture.assertRuns(policy));
  const posture: PostureKeeper = new PostureKeeper({
    host: new DockerHost(docker, clock),
    runtime,
    catalog,
    clock,
    knownBad: loadKnownBad(config.CLOCHE_POLICIES_DIR),
    minimum: config.CLOCHE_POSTURE_MINIMUM,
    selfTest: config.CLOCHE_SELF_TEST === "on",
    onFault,
  });
  const telemetry: PrometheusTelemetry = new PrometheusTelemetry(() => ({
    running: admission.running,
    queued: admission.queued,
    sessions: sessions.count,
    pools: pools.status(),
  }));
  const creates = new Slots(config.CLOCHE_POOL_CREATES);
  const pools: Pools = new Pools(toPoolSettings(config), { runtime, clock, telemetry, creates, onFault });
  const late = new LateWrites(onFault);
  held.defer(() => late.retry());
  const receipts = new Receipts({ signer, clock });
  const policyOf = (name: string) => catalog.find(name);
  const ledger = new Ledger({
    store: store.executions,
    audit,
    policyOf,
    late,
    telemetry,
    receipts,
    charge,
    onFault,
  });
  const leases = new Leases({
    pools,
    clock,
    onFault,
    maxResting: config.CLOCHE_POOL_MAX_WARM,
    idleMs: config.CLOCHE_POOL_IDLE_MS,
  });
  const executor = new Executor({ admission, catalog, leases, ledger, audit, clock, onFault });
  const sessionDeps = {
    store: store.sessions,
    late,
    ledger,
    audit,
    admission,
    clock,
    telemetry,
    charge,
    onFault,
  };
  const sessions: Sessions = new Sessions({ ...sessionDeps, catalog, pools });
  const reaper = new Reaper(runtime, clock, instance.id);
  // What was being made when the engine went away is nobody's.
  held.defer(async () => void (await reaper.sweep().catch(onFault)));
  held.defer(async () => {
    await sessions.endAll("drained");
    await pools.close();
    await leases.settle();
  });

  const reap = async () => {
    const removed = await reaper.sweep();
    if (removed > 0) logger.warn({ removed }, "removed containers that nobody owned");
  };
  const judgePosture = async () => {
    await posture.start();
    recordRefusal(audit, posture);
  };
  const engineWatch: EngineWatch = new EngineWatch({
    ping: () => runtime.ping(),
    sessionsLost: () => sessions.endings("engine_lost"),
    clock,
    onChange: (answers) => {
      if (!answers) return logger.error("the container engine is away");
      logger.info("the container engine is back");
      // It may be another one than before.
      void judgePosture().catch(onFault);
    },
  });
  const cohorts = new Cohorts({ store: store.cohorts, sessions, clock, onFault });
  const adoption = await adoptSessions({
    ...sessionDeps,
    runtime,
    catalog,
    executions: store.executions,
    sessions,
  });
  if (adoption.adopted + adoption.lost + adoption.lostExecutions > 0) {
    logger.info(adoption, "took over what the process before left");
  }
  await cohorts.closeIncomplete();
  await reap();
  await judgePosture();
  for (const { level, fields, message } of postureLines(posture)) logger[level](fields, message);
  // The default policy's first image is kept warm from the start.
  const policy = catalog.policy("default");
  pools.pin(await catalog.image(undefined, policy), policy, DEFAULT_TENANT);
  startUpkeep(config, held, {
    clock,
    reap,
    engineWatch,
    sessions,
    late,
    audit,
    store,
    posture,
    pools,
    leases,
    onFault,
  });

  const readiness = () =>
    askReadiness(
      {
        engine: async () => {
          await engineWatch.look();
          return engineWatch.story();
        },
        store: () => store.check(),
        audit: () => audit.check(),
        pool: () => pools.assertServes(),
        posture: () => posture.assertAcceptable(),
      },
      pools.status(),
    );
  const { http, proofs } = createFace(config, held, {
    logger,
    apiKey,
    resolved,
    signer,
    audit,
    denials,
    store,
    docker,
    runtime,
    clock,
    catalog,
    posture,
    admission,
    usage,
    limits,
    limitsOf,
    ledger,
    executor,
    sessions,
    cohorts,
    late,
    charge,
    readiness,
    metrics: () => telemetry.text(),
    onFault,
  });

  const kept = held.move();
  return {
    fetch: http.fetch,
    instance: instance.id,
    ready: async () => {
      await pools.firstFilled();
      return await readiness();
    },
    drain: async (drainMs, { keepSessions }) => {
      const cutOff = clock.after(drainMs, () => {
        executor.cancelAll();
        if (keepSessions) sessions.release(shuttingDown());
        else void sessions.endAll("drained");
      });
      await Promise.all([proofs.close(), admission.drain(), sessions.settled()]);
      cutOff();
      if (keepSessions) sessions.release(shuttingDown());
    },
    close: () => kept.disposeAsync(),
  };
};
