/** The whole engine over fakes. A second one on the same stores is the process after a restart. */

import { ServiceError } from "../../src/domain/errors.ts";
import { createSessionId } from "../../src/domain/ids.ts";
import { type NewSessionInput, newSessionSchema } from "../../src/domain/session.ts";
import { Admission } from "../../src/engine/admission/admission.ts";
import { Slots } from "../../src/engine/admission/slots.ts";
import type { ShareBounds } from "../../src/engine/admission/tenant-share.ts";
import { Catalog } from "../../src/engine/catalog/catalog.ts";
import { Executor } from "../../src/engine/executions/executor.ts";
import { Ledger } from "../../src/engine/executions/ledger.ts";
import { LateWrites } from "../../src/engine/late-writes.ts";
import { Receipts } from "../../src/engine/receipts/receipts.ts";
import { Leases } from "../../src/engine/sandboxes/leases.ts";
import { Pools } from "../../src/engine/sandboxes/pools.ts";
import { Cohorts } from "../../src/engine/sessions/cohorts.ts";
import { Sessions } from "../../src/engine/sessions/sessions.ts";
import { aSigner } from "./a-signer.ts";
import { aPolicy, poolSettings } from "./builders.ts";
import { FakeRuntime, type FakeSandbox } from "./fake-runtime.ts";
import { ManualClock } from "./manual-clock.ts";
import {
  MemoryCohortStore,
  MemoryExecutionStore,
  MemoryIdempotencyStore,
  MemorySessionStore,
} from "./memory-stores.ts";
import { RecordedAudit } from "./recorded-audit.ts";
import { RecordedTelemetry } from "./recorded-telemetry.ts";

const someStores = () => ({
  executions: new MemoryExecutionStore(),
  sessions: new MemorySessionStore(),
  cohorts: new MemoryCohortStore(),
  idempotency: new MemoryIdempotencyStore(),
});

interface EngineSettings {
  clock?: ManualClock;
  stores?: ReturnType<typeof someStores>;
  runtime?: FakeRuntime;
  policies?: ReturnType<typeof aPolicy>[];
  maxRunning?: number;
  maxQueued?: number;
  boundsOf?: (tenant: string) => ShareBounds;
}

export type Engine = ReturnType<typeof anEngine>;

export const anEngine = ({
  clock = new ManualClock(),
  stores = someStores(),
  runtime = new FakeRuntime(),
  policies = [aPolicy()],
  maxRunning = 4,
  maxQueued = 4,
  boundsOf = () => ({ sandboxes: 4, queued: 4 }),
}: EngineSettings = {}) => {
  const telemetry = new RecordedTelemetry();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const charges: { tenant: string; cpuMs: number; bytes: number }[] = [];
  const charge = (tenant: string, used: { cpuMs: number; bytes: number }) =>
    void charges.push({ tenant, ...used });
  const admission = new Admission({ maxRunning, maxQueued, boundsOf });
  const catalog = new Catalog(runtime, policies);
  const creates = new Slots(16);
  const pools = new Pools(poolSettings({ target: 0 }), { runtime, clock, telemetry, creates, onFault });
  const late = new LateWrites(onFault);
  const signer = aSigner();
  const receipts = new Receipts({ signer, clock });
  /** Heads of tests name policies that no catalog has. */
  const policyOf = (name: string) => catalog.find(name) ?? aPolicy();
  const audit = new RecordedAudit();
  const ledger = new Ledger({
    store: stores.executions,
    audit,
    policyOf,
    late,
    telemetry,
    receipts,
    charge,
    onFault,
  });
  const leases = new Leases({ pools, clock, onFault, maxResting: 4, idleMs: 60_000 });
  const executor = new Executor({ admission, catalog, leases, ledger, audit, clock, onFault });
  const recording = { store: stores.sessions, late, ledger, audit };
  const sessionDeps = { ...recording, admission, clock, telemetry, charge, onFault };
  const sessions = new Sessions({ ...sessionDeps, catalog, pools });
  const cohorts = new Cohorts({ store: stores.cohorts, sessions, clock, onFault });
  const adoption = { ...sessionDeps, runtime, catalog, executions: stores.executions, sessions };
  /** A session of `t`'s, as its parts are seen from inside. */
  const aSession = async (spec: NewSessionInput = {}, tenant = "t") => {
    const id = createSessionId(clock.now());
    await sessions.create(newSessionSchema.parse(spec), { tenant, id }, new AbortController().signal);
    const sandbox = runtime.made.at(-1);
    if (!sandbox) throw new Error("no sandbox was made");
    return { id, session: sessions.live(tenant, id), sandbox: sandbox as FakeSandbox };
  };
  return {
    clock,
    stores,
    runtime,
    telemetry,
    faults,
    charges,
    admission,
    catalog,
    pools,
    ledger,
    audit,
    signer,
    late,
    executor,
    leases,
    sessions,
    cohorts,
    adoption,
    aSession,
  };
};

/** What went down with the process before. */
export const shutDown = new ServiceError("capacity_exhausted", "The service is shutting down");
