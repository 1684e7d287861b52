import type { Logger } from "pino";
import type { Config } from "../config.ts";
import { DockerHostCanary } from "../docker/canary/docker-host-canary.ts";
import type { connectDocker } from "../docker/container/connect-docker.ts";
import type { DockerRuntime } from "../docker/docker-runtime.ts";
import { Secret } from "../domain/secret.ts";
import type { TenantLimits } from "../domain/tenant.ts";
import type { Admission } from "../engine/admission/admission.ts";
import type { Catalog } from "../engine/catalog/catalog.ts";
import { Batches } from "../engine/executions/batches.ts";
import type { Executor } from "../engine/executions/executor.ts";
import type { Ledger } from "../engine/executions/ledger.ts";
import { Idempotency } from "../engine/idempotency.ts";
import type { LateWrites } from "../engine/late-writes.ts";
import { PolicyDesk } from "../engine/policies/policy-desk.ts";
import type { Clock } from "../engine/ports/clock.ts";
import type { PostureKeeper } from "../engine/posture/posture-keeper.ts";
import { loadBattery } from "../engine/proofs/load-battery.ts";
import { Proofs } from "../engine/proofs/proofs.ts";
import { serviceAttempts } from "../engine/proofs/service-attempts/all.ts";
import type { Readiness } from "../engine/readiness.ts";
import { Replays } from "../engine/receipts/replays.ts";
import type { Cohorts } from "../engine/sessions/cohorts.ts";
import type { Sessions } from "../engine/sessions/sessions.ts";
import { Keys } from "../engine/tenants/keys.ts";
import type { LimitsOfTenants } from "../engine/tenants/limits-of-tenants.ts";
import { Rate } from "../engine/tenants/rate.ts";
import { visibleTo } from "../engine/tenants/roles.ts";
import { Tenants } from "../engine/tenants/tenants.ts";
import type { Usage } from "../engine/tenants/usage.ts";
import { createHttp } from "../http/create-http.ts";
import type { loadResolvedPolicies } from "../policies/load-policies.ts";
import type { Records } from "./open-records.ts";

interface Parts extends Records {
  logger: Logger;
  apiKey: Secret | undefined;
  resolved: ReturnType<typeof loadResolvedPolicies>;
  docker: ReturnType<typeof connectDocker>;
  runtime: DockerRuntime;
  clock: Clock;
  catalog: Catalog;
  posture: PostureKeeper;
  admission: Admission;
  usage: Usage;
  limits: LimitsOfTenants;
  limitsOf(tenant: string): TenantLimits;
  ledger: Ledger;
  executor: Executor;
  sessions: Sessions;
  cohorts: Cohorts;
  late: LateWrites;
  charge(tenant: string, used: { cpuMs: number; bytes: number }): void;
  readiness(): Promise<Readiness>;
  metrics(): Promise<string>;
  onFault(error: unknown): void;
}

/** The HTTP face over the engine's parts, and the proofs, whose attempts come in through that face. */
export const createFace = (config: Config, held: AsyncDisposableStack, parts: Parts) => {
  const { logger, apiKey, resolved, audit, denials, store, clock, catalog, ledger, executor } = parts;
  const { sessions, cohorts, posture, admission, usage, limits, late, charge, onFault } = parts;
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
    runtime: parts.runtime,
    canary: new DockerHostCanary({ docker: parts.docker, stateFolder: config.CLOCHE_STATE_DIR, clock }),
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
    signingKeys: parts.signer.keys,
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
    rate: new Rate(clock, (tenant) => parts.limitsOf(tenant).requestsPerMinute),
    assertMayRun,
    audit: audit.reader,
    denials,
    posture,
    readiness: parts.readiness,
    metrics: parts.metrics,
    maxBodyBytes: config.CLOCHE_MAX_BODY_BYTES,
    maxBodiesBytes: config.CLOCHE_MAX_BODIES_BYTES,
    onRequest: (line) => logger.info(line, "request"),
    onError,
  });
  return { http, proofs };
};

/** Where no key is asked for, none is right. */
const nobodysKey = () => new Secret(crypto.randomUUID());
