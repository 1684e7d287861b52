/** The composition root: the one place where the parts meet. */
import { join } from "node:path";
import type { Logger } from "pino";
import { FileAuditLog } from "./audit/file-audit-log.ts";
import type { Config } from "./config.ts";
import { DockerHostCanary } from "./docker/canary/docker-host-canary.ts";
import { connectDocker } from "./docker/container/connect-docker.ts";
import { DockerRuntime } from "./docker/docker-runtime.ts";
import { DockerHost } from "./docker/posture/docker-host.ts";
import { ServiceError, shuttingDown } from "./domain/errors.ts";
import { Secret } from "./domain/secret.ts";
import type { TenantLimits } from "./domain/tenant.ts";
import { Admission } from "./engine/admission/admission.ts";
import { Slots } from "./engine/admission/slots.ts";
import { AccessDenials } from "./engine/audit/access-denials.ts";
import { recordStart, recordStop } from "./engine/audit/service-events.ts";
import { Catalog } from "./engine/catalog/catalog.ts";
import { Batches } from "./engine/executions/batches.ts";
import { Executor } from "./engine/executions/executor.ts";
import { Ledger } from "./engine/executions/ledger.ts";
import { Idempotency } from "./engine/idempotency.ts";
import { LateWrites } from "./engine/late-writes.ts";
import { PolicyDesk } from "./engine/policies/policy-desk.ts";
import { loadKnownBad } from "./engine/posture/known-bad.ts";
import { PostureKeeper } from "./engine/posture/posture-keeper.ts";
import { postureLines } from "./engine/posture/posture-lines.ts";
import { recordRefusal } from "./engine/posture/record-refusal.ts";
import { loadBattery } from "./engine/proofs/load-battery.ts";
import { isProofTenant, proofTenantLimits } from "./engine/proofs/open-world.ts";
import { Proofs } from "./engine/proofs/proofs.ts";
import { serviceAttempts } from "./engine/proofs/service-attempts/all.ts";
import { askReadiness, type Readiness } from "./engine/readiness.ts";
import { Receipts } from "./engine/receipts/receipts.ts";
import { Replays } from "./engine/receipts/replays.ts";
import { repeat } from "./engine/repeat.ts";
import { EngineWatch } from "./engine/sandboxes/engine-watch.ts";
import { Leases } from "./engine/sandboxes/leases.ts";
import { type PoolSettings, Pools } from "./engine/sandboxes/pools.ts";
import { Reaper } from "./engine/sandboxes/reaper.ts";
import { adoptSessions } from "./engine/sessions/adopt-sessions.ts";
import { Cohorts } from "./engine/sessions/cohorts.ts";
import { Sessions } from "./engine/sessions/sessions.ts";
import { DEFAULT_TENANT, Keys } from "./engine/tenants/keys.ts";
import { LimitsOfTenants } from "./engine/tenants/limits-of-tenants.ts";
import { Rate } from "./engine/tenants/rate.ts";
import { visibleTo } from "./engine/tenants/roles.ts";
import { Tenants } from "./engine/tenants/tenants.ts";
import { Usage } from "./engine/tenants/usage.ts";
import { createHttp } from "./http/create-http.ts";
import { openApiInfo } from "./http/openapi.ts";
import { PrometheusTelemetry } from "./metrics/prometheus-telemetry.ts";
import { loadResolvedPolicies } from "./policies/load-policies.ts";
import { FileSigner } from "./signing/file-signer.ts";
import { claimInstance } from "./store/instance.ts";
import { SqliteStore } from "./store/sqlite-store.ts";
import { systemClock } from "./system-clock.ts";

const REAP_EVERY_MS = 15_000;
const LOOK_EVERY_MS = 5_000;
const HEARTBEAT_EVERY_MS = 5_000;
const HEARTBEAT_MS = 4_000;
const LATE_EVERY_MS = 500;
const POSTURE_EVERY_MS = 60_000;
const AUDIT_EVERY_MS = 1_000;
const PRUNE_EVERY_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

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
  const signer = new FileSigner(config.CLOCHE_STATE_DIR, clock);
  const audit = new FileAuditLog({
    folder: join(config.CLOCHE_STATE_DIR, "audit"),
    keptHead: join(config.CLOCHE_STATE_DIR, "audit-head.json"),
    signer,
    trusted: signer.keys.map(({ publicKey }) => publicKey),
    clock,
    sync: config.CLOCHE_AUDIT_SYNC,
    segmentBytes: config.CLOCHE_AUDIT_SEGMENT_BYTES,
    retentionMs: config.CLOCHE_AUDIT_RETENTION_DAYS && config.CLOCHE_AUDIT_RETENTION_DAYS * DAY_MS,
    onFault,
  });
  held.defer(() => audit.close());
  recordStart(audit, audit.reader, {
    instance: instance.id,
    version: openApiInfo.info.version,
    node: process.version,
    policies,
  });
  audit.signHead();
  held.defer(() => recordStop(audit, instance.id));
  const denials = new AccessDenials(audit, clock, onFault);
  held.defer(() => denials.flush());
  const store = new SqliteStore({
    file: join(config.CLOCHE_STATE_DIR, "cloche.db"),
    synchronous: config.CLOCHE_STORE_SYNC === "full" ? "FULL" : "NORMAL",
    maxBytes: config.CLOCHE_RETENTION_BYTES,
    clock,
  });
  held.defer(() => store.close());
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
  held.defer(repeat(clock, REAP_EVERY_MS, reap, onFault));
  held.defer(repeat(clock, LOOK_EVERY_MS, () => engineWatch.look().catch(() => {}), onFault));
  held.defer(repeat(clock, HEARTBEAT_EVERY_MS, () => sessions.heartbeat(HEARTBEAT_MS), onFault));
  held.defer(repeat(clock, LATE_EVERY_MS, () => late.retry(), onFault));
  held.defer(repeat(clock, AUDIT_EVERY_MS, () => audit.tick(), onFault));
  held.defer(repeat(clock, PRUNE_EVERY_MS, prune, onFault));
  held.defer(repeat(clock, POSTURE_EVERY_MS, () => posture.refresh(), onFault));

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
  const idempotency = new Idempotency(store.idempotency);
  const onError = (err: unknown, requestId: string) => logger.error({ err, requestId }, "request failed");
  const keys = new Keys({ store: store.keys, audit, clock, fileKey: apiKey ?? nobodysKey() });
  const proofs: Proofs = new Proofs({
    battery: [...loadBattery(), ...serviceAttempts].sort((a, b) => a.head.id - b.head.id),
    store: store.proofs,
    late,
    catalog,
    keys,
    auth: apiKey !== undefined,
    admission,
    runtime,
    canary: new DockerHostCanary({ docker, stateFolder: config.CLOCHE_STATE_DIR, clock }),
    audit,
    // As if it had come over the wire: routes read a file's name from the target as it was sent.
    service: async (target, init) =>
      await http.fetch(new Request(`http://service${target}`, init), { incoming: { url: target } }),
    clock,
    onFault,
  });
  proofs.failUnfinished();
  held.defer(() => proofs.close());
  const assertMayRun = (tenant: string) => {
    posture.assertAcceptable();
    usage.assertWithin(tenant);
  };
  const http = createHttp({
    executor,
    replays: new Replays({ executor, ledger, store: store.executions, catalog, assertMayRun }),
    signingKeys: signer.keys,
    batches: new Batches({
      executor,
      ledger,
      store: store.executions,
      idempotency,
      clock,
      atOnce: config.CLOCHE_MAX_RUNNING,
    }),
    ledger,
    store: store.executions,
    sessions,
    cohorts,
    files: {
      filesOf: async (caller, id) => sessions.live(visibleTo(caller), id).files(),
      audit,
      tenantOf: (id) => sessions.find(undefined, id)?.tenant,
      charge: ({ tenant }, bytes) => charge(tenant, { cpuMs: 0, bytes }),
      caps: {
        uploadBytes: config.CLOCHE_MAX_TRANSFER_BYTES,
        downloadBytes: config.CLOCHE_MAX_TRANSFER_BYTES,
        entries: config.CLOCHE_MAX_TRANSFER_ENTRIES,
        ms: config.CLOCHE_TRANSFER_MS,
      },
      clock,
      onError,
    },
    idempotency,
    catalog,
    policies: new PolicyDesk(resolved, () => catalog.images()),
    keys,
    proofs,
    auth: apiKey !== undefined,
    tenants: new Tenants({ store: store.tenants, audit, limits, usage, admission }),
    rate: new Rate(clock, (tenant) => limitsOf(tenant).requestsPerMinute),
    assertMayRun,
    audit: audit.reader,
    denials,
    posture,
    readiness,
    metrics: () => telemetry.text(),
    maxBodyBytes: config.CLOCHE_MAX_BODY_BYTES,
    maxBodiesBytes: config.CLOCHE_MAX_BODIES_BYTES,
    onRequest: (line) => logger.info(line, "request"),
    onError,
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

/** Where no key is asked for, none is right. */
const nobodysKey = () => new Secret(crypto.randomUUID());

const toTenantLimits = (config: Config): TenantLimits => ({
  sandboxes: config.CLOCHE_TENANT_SANDBOXES,
  queued: config.CLOCHE_TENANT_QUEUED,
  requestsPerMinute: config.CLOCHE_TENANT_REQUESTS_PER_MINUTE,
  cpuSecondsPerDay: config.CLOCHE_TENANT_CPU_SECONDS_PER_DAY ?? null,
  bytesPerDay: config.CLOCHE_TENANT_BYTES_PER_DAY ?? null,
});

const toPoolSettings = (config: Config): PoolSettings => ({
  target: config.CLOCHE_POOL_TARGET,
  maxWarm: config.CLOCHE_POOL_MAX_WARM,
  idleMs: config.CLOCHE_POOL_IDLE_MS,
  maxFailures: 5,
  backoffMs: 250,
  stoppedMs: 30_000,
  pingTimeoutMs: 1_000,
  refillDelayMs: 50,
  keepsNone: isProofTenant,
});
