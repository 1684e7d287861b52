/** The store ports in memory. What goes in and out is copied, as by a real store; `full` makes writes fail. */
import { ServiceError } from "../../src/domain/errors.ts";
import type {
  Execution,
  ExecutionHead,
  ExecutionSummary,
  FailedExecution,
} from "../../src/domain/execution.ts";
import type { Session } from "../../src/domain/session.ts";
import type { Key, TenantLimits } from "../../src/domain/tenant.ts";
import type {
  CohortStore,
  ExecutionQuery,
  ExecutionStore,
  IdempotencyClaim,
  IdempotencyStore,
  Kept,
  KeyStore,
  Page,
  SessionQuery,
  SessionStore,
  StoredCohort,
  StoredExecution,
  StoredReceipt,
  StoredSession,
  StoredSubmission,
  TenantStore,
  TenantUsage,
  Timeline,
  UnfinishedExecution,
} from "../../src/engine/ports/stores.ts";
import { newestFirst, pageOf } from "./page-of.ts";

/** A store that can be made to fail as one on a full disk does. */
abstract class MemoryStore {
  full = false;

  protected write(): void {
    if (this.full) throw new ServiceError("store_unavailable", "The store can't be written");
  }
}

const sees = (visibleTo: string | undefined, { tenant }: { tenant: string }) =>
  visibleTo === undefined || visibleTo === tenant;

type ExecutionRow = {
  tenant: string;
  head: ExecutionHead;
  plan: string;
  timeline?: Timeline;
  receipt?: StoredReceipt;
  submission?: StoredSubmission | undefined;
  keepUntil?: number | undefined;
} & (
  | { status: "queued" | "running" }
  | { status: "finished"; record: Execution }
  | { status: "failed"; record: FailedExecution }
);

export class MemoryExecutionStore extends MemoryStore implements ExecutionStore {
  readonly #rows = new Map<string, ExecutionRow>();

  begin(tenant: string, head: ExecutionHead, plan: string, { submission, keepUntil }: Kept = {}): void {
    this.write();
    if (this.#rows.has(head.id)) throw new Error(`execution ${head.id} is there already`);
    this.#rows.set(head.id, structuredClone({ tenant, head, plan, submission, keepUntil, status: "queued" }));
  }

  running(id: string): void {
    this.write();
    const row = this.#rows.get(id);
    if (row?.status === "queued") this.#rows.set(id, { ...row, status: "running" });
  }

  finish(tenant: string, execution: Execution, timeline: Timeline, receipt: StoredReceipt): StoredExecution {
    this.write();
    const { submission, keepUntil } = this.#rows.get(execution.id) ?? {};
    const record = structuredClone(execution);
    const { status, observation: _, timings: __, redacted: ___, ...head } = record;
    this.#rows.set(head.id, {
      tenant,
      head,
      plan: "",
      timeline,
      receipt,
      submission,
      keepUntil,
      status,
      record,
    });
    return toStored(execution);
  }

  fail(tenant: string, execution: FailedExecution): StoredExecution {
    this.write();
    const { status, error, ...head } = structuredClone(execution);
    this.#rows.set(head.id, { tenant, head, plan: "", status, record: { ...head, status, error } });
    return toStored(execution);
  }

  find(visibleTo: string | undefined, id: string): StoredExecution | undefined {
    const row = this.#rows.get(id);
    if (!row || !sees(visibleTo, row)) return;
    return toStored("record" in row ? row.record : { ...row.head, status: row.status });
  }

  timeline(visibleTo: string | undefined, id: string): Timeline | undefined {
    const row = this.#rows.get(id);
    return row && sees(visibleTo, row) ? row.timeline : undefined;
  }

  receipt(visibleTo: string | undefined, id: string): StoredReceipt | undefined {
    const row = this.#rows.get(id);
    return row && sees(visibleTo, row) ? row.receipt : undefined;
  }

  submission(visibleTo: string | undefined, id: string) {
    const row = this.#rows.get(id);
    if (!row?.submission || !sees(visibleTo, row)) return undefined;
    return { tenant: row.tenant, submission: row.submission };
  }

  list(visibleTo: string | undefined, query: ExecutionQuery): Page<ExecutionSummary> {
    const summaries = [...this.#rows.values()].filter((row) => sees(visibleTo, row)).map(toSummary);
    return pageOf(
      summaries.filter(
        ({ status, outcome, session }) =>
          (query.status ?? status) === status &&
          (query.outcome ?? outcome) === outcome &&
          (query.sessionId ?? session?.id) === session?.id,
      ),
      query,
    );
  }

  unfinished(): UnfinishedExecution[] {
    return [...this.#rows.values()]
      .filter(({ status }) => status === "queued" || status === "running")
      .sort((a, b) => newestFirst(b.head, a.head))
      .map(({ tenant, head, plan }) => structuredClone({ tenant, head, plan }));
  }

  prune(olderThan: number): number {
    this.write();
    return removeWhere(this.#rows, (row) => "record" in row && Date.parse(row.head.createdAt) < olderThan);
  }

  pruneKept(until: number): number {
    this.write();
    return removeWhere(
      this.#rows,
      (row) => "record" in row && (row.keepUntil ?? Number.POSITIVE_INFINITY) <= until,
    );
  }
}

const toStored = (record: object) => JSON.stringify(record) as StoredExecution;

const toSummary = (row: ExecutionRow): ExecutionSummary => {
  const observation = row.status === "finished" ? row.record.observation : undefined;
  return structuredClone({
    ...row.head,
    tenant: row.tenant,
    status: row.status,
    outcome: observation?.outcome ?? null,
    exitCode: observation?.exitCode ?? null,
    wallMs: observation?.usage.wallMs ?? null,
  });
};

const removeWhere = <Row>(rows: Map<string, Row>, goes: (row: Row) => boolean): number => {
  const ids = [...rows].filter(([, row]) => goes(row)).map(([id]) => id);
  for (const id of ids) rows.delete(id);
  return ids.length;
};

export class MemorySessionStore extends MemoryStore implements SessionStore {
  readonly #rows = new Map<string, StoredSession>();

  save(stored: StoredSession): void {
    this.write();
    this.#rows.set(stored.session.id, structuredClone(stored));
  }

  find(visibleTo: string | undefined, id: string): Session | undefined {
    const session = this.#rows.get(id)?.session;
    return session && sees(visibleTo, session) ? structuredClone(session) : undefined;
  }

  list(visibleTo: string | undefined, query: SessionQuery): Page<Session> {
    const sessions = [...this.#rows.values()].map(({ session }) => structuredClone(session));
    return pageOf(
      sessions.filter(
        (session) =>
          sees(visibleTo, session) &&
          (query.state ?? session.state) === session.state &&
          (query.cohortId ?? session.cohortId) === session.cohortId,
      ),
      query,
    );
  }

  live(): StoredSession[] {
    return structuredClone([...this.#rows.values()].filter(({ session }) => session.state !== "ended"));
  }

  prune(endedBefore: number): number {
    this.write();
    return removeWhere(
      this.#rows,
      ({ session: { termination } }) => termination !== null && Date.parse(termination.at) < endedBefore,
    );
  }
}

export class MemoryCohortStore extends MemoryStore implements CohortStore {
  readonly #rows = new Map<string, StoredCohort>();

  save(cohort: StoredCohort): void {
    this.write();
    this.#rows.set(cohort.id, structuredClone(cohort));
  }

  find(visibleTo: string | undefined, id: string): StoredCohort | undefined {
    const cohort = this.#rows.get(id);
    return cohort && sees(visibleTo, cohort) ? structuredClone(cohort) : undefined;
  }

  prune(olderThan: number): number {
    this.write();
    return removeWhere(this.#rows, ({ createdAt }) => Date.parse(createdAt) < olderThan);
  }
}

export class MemoryIdempotencyStore extends MemoryStore implements IdempotencyStore {
  readonly #claims = new Map<string, { claim: IdempotencyClaim; at: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    super();
    this.#now = now;
  }

  claim(claim: IdempotencyClaim): { first: true } | { first: false; ref: string; sameBody: boolean } {
    this.write();
    const before = this.#claims.get(nameOf(claim))?.claim;
    if (before) return { first: false, ref: before.ref, sameBody: before.bodyHash === claim.bodyHash };
    this.#claims.set(nameOf(claim), { claim: { ...claim }, at: this.#now() });
    return { first: true };
  }

  settle(claim: IdempotencyClaim, ref: string): void {
    this.write();
    const row = this.#claims.get(nameOf(claim));
    if (row?.claim.ref === claim.ref) row.claim.ref = ref;
  }

  release(claim: IdempotencyClaim): void {
    this.write();
    if (this.#claims.get(nameOf(claim))?.claim.ref === claim.ref) this.#claims.delete(nameOf(claim));
  }

  prune(olderThan: number): number {
    this.write();
    return removeWhere(this.#claims, ({ at }) => at < olderThan);
  }
}

const nameOf = ({ tenant, scope, key }: IdempotencyClaim) => JSON.stringify([tenant, scope, key]);

export class MemoryKeyStore extends MemoryStore implements KeyStore {
  readonly #rows = new Map<string, { key: Key; hash: string }>();

  save(key: Key, hash: string): void {
    this.write();
    this.#rows.set(key.id, { key: { ...key }, hash });
  }

  find(id: string): { key: Key; hash: string } | undefined {
    return structuredClone(this.#rows.get(id));
  }

  list(visibleTo: string | undefined): Key[] {
    const keys = [...this.#rows.values()].map(({ key }) => ({ ...key }));
    return keys.filter((key) => sees(visibleTo, key)).sort(newestFirst);
  }

  revoke(id: string, at: string): void {
    this.write();
    const row = this.#rows.get(id);
    if (row) row.key.revokedAt = at;
  }
}

export class MemoryTenantStore extends MemoryStore implements TenantStore {
  readonly #limits = new Map<string, TenantLimits>();
  readonly #usage = new Map<string, { tenant: string; day: string; used: TenantUsage }>();
  readonly #keys: MemoryKeyStore | undefined;
  /** How many times usage was written. */
  writes = 0;

  constructor(keys?: MemoryKeyStore) {
    super();
    this.#keys = keys;
  }

  limits(tenant: string): TenantLimits | undefined {
    return structuredClone(this.#limits.get(tenant));
  }

  setLimits(tenant: string, limits: TenantLimits): void {
    this.write();
    this.#limits.set(tenant, { ...limits });
  }

  tenants(): string[] {
    const withKeys = this.#keys?.list(undefined).map(({ tenant }) => tenant) ?? [];
    const withUsage = [...this.#usage.values()].map(({ tenant }) => tenant);
    return [...new Set([...withKeys, ...this.#limits.keys(), ...withUsage])].sort();
  }

  usage(tenant: string, day: string): TenantUsage {
    return { ...(this.#usage.get(`${tenant} ${day}`)?.used ?? { cpuMs: 0, bytes: 0 }) };
  }

  addUsage(tenant: string, day: string, { cpuMs, bytes }: TenantUsage): void {
    this.write();
    this.writes += 1;
    const before = this.usage(tenant, day);
    const used = { cpuMs: before.cpuMs + cpuMs, bytes: before.bytes + bytes };
    this.#usage.set(`${tenant} ${day}`, { tenant, day, used });
  }

  prune(beforeDay: string): number {
    this.write();
    return removeWhere(this.#usage, ({ day }) => day < beforeDay);
  }
}
