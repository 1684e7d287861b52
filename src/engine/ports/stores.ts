/**
 * What survives the end of the process, in our words. Everything here is synchronous: on return it is
 * kept, also over a `kill -9`. Whatever can't be written throws `store_unavailable` and leaves nothing half-done.
 *
 * `visibleTo` is the tenant whose rows may be seen; undefined sees every tenant's.
 */
import type {
  Execution,
  ExecutionHead,
  ExecutionSummary,
  executionStatuses,
  FailedExecution,
} from "../../domain/execution.ts";
import type { Outcome } from "../../domain/outcome.ts";
import type { Session, sessionStates } from "../../domain/session.ts";
import type { Key, TenantLimits } from "../../domain/tenant.ts";
import type { SandboxFacts } from "./runtime.ts";

/** An execution record as JSON, the way it is stored and the way it is answered: made once. */
export type StoredExecution = string & { readonly __stored: "execution" };

/** What was asked for, whole; JSON of the engine's own. */
export type StoredSubmission = string & { readonly __stored: "submission" };

/** A signed receipt as JSON, the way it is stored and answered. */
export type StoredReceipt = string & { readonly __stored: "receipt" };

/** In which pieces the output came, so that a stream of it can be told again exactly. */
export type Timeline = string & { readonly __stored: "timeline" };

/** Newest first. A cursor is opaque to whoever gets it; a malformed one throws `invalid_request`. */
export interface PageQuery {
  limit: number;
  cursor?: string | undefined;
  /** Milliseconds since 1970; both inclusive. */
  createdAfter?: number | undefined;
  createdBefore?: number | undefined;
}

export interface Page<Item> {
  items: Item[];
  nextCursor: string | null;
}

export interface ExecutionQuery extends PageQuery {
  status?: (typeof executionStatuses)[number] | undefined;
  outcome?: Outcome | undefined;
  sessionId?: string | undefined;
}

export interface UnfinishedExecution {
  tenant: string;
  head: ExecutionHead;
  /** What is needed to go on with it after a restart; JSON of the engine's own. */
  plan: string;
}

export interface Kept {
  submission?: StoredSubmission | undefined;
  /** When it is to go, in milliseconds since 1970; undefined: with all others. */
  keepUntil?: number | undefined;
}

export interface ExecutionStore {
  /**
   * Status `queued`, with what a later process needs to go on with it, and, where it may be asked for again, what
   * was asked for.
   */
  begin(tenant: string, head: ExecutionHead, plan: string, more?: Kept): void;
  /** Status `running`. Whether it got lost matters to nobody, so it may be written late. */
  running(id: string): void;
  /** Where all together would be more than the store may hold, the oldest finished ones go. */
  finish(tenant: string, execution: Execution, timeline: Timeline, receipt: StoredReceipt): StoredExecution;
  fail(tenant: string, execution: FailedExecution): StoredExecution;
  find(visibleTo: string | undefined, id: string): StoredExecution | undefined;
  timeline(visibleTo: string | undefined, id: string): Timeline | undefined;
  /** Of those that finished; undefined also for one that a version without receipts stored. */
  receipt(visibleTo: string | undefined, id: string): StoredReceipt | undefined;
  /** undefined where it was not kept. */
  submission(
    visibleTo: string | undefined,
    id: string,
  ): { tenant: string; submission: StoredSubmission } | undefined;
  list(visibleTo: string | undefined, query: ExecutionQuery): Page<ExecutionSummary>;
  /** Those that were queued or running, oldest first. */
  unfinished(): UnfinishedExecution[];
  /** Removes finished and failed ones older than the given time; returns how many. */
  prune(olderThan: number): number;
  /** Removes finished and failed ones that are to be kept until then at most; returns how many. */
  pruneKept(until: number): number;
}

export interface SessionQuery extends PageQuery {
  state?: (typeof sessionStates)[number] | undefined;
  cohortId?: string | undefined;
}

/** A session with what a later process needs to adopt its sandbox. */
export interface StoredSession {
  session: Session;
  containerId: string | null;
  /** env for the interpreters of a reset. */
  env: Record<string, string>;
  /** What its sandbox was seen to have when it was made; null where nobody saw it. */
  facts: SandboxFacts | null;
}

export interface SessionStore {
  /** Inserts or replaces. */
  save(stored: StoredSession): void;
  find(visibleTo: string | undefined, id: string): Session | undefined;
  list(visibleTo: string | undefined, query: SessionQuery): Page<Session>;
  /** Those that have not ended. */
  live(): StoredSession[];
  /** Removes those that ended before the given time; returns how many. */
  prune(endedBefore: number): number;
}

/** A POST that is to happen once. `ref` names what it makes: the same key leads to the same thing. */
export interface IdempotencyClaim {
  tenant: string;
  /** Method and path. */
  scope: string;
  key: string;
  /** SHA-256 of the body. */
  bodyHash: string;
  ref: string;
}

export interface IdempotencyStore {
  /**
   * Takes the key, or tells what it led to before: `{ref}` of the first claim, and whether that first claim's
   * request had the same body.
   */
  claim(claim: IdempotencyClaim): { first: true } | { first: false; ref: string; sameBody: boolean };
  /** The claim's ref becomes this one: what it stood for has happened. */
  settle(claim: IdempotencyClaim, ref: string): void;
  /** The request failed without effect: the key may be used again. */
  release(claim: IdempotencyClaim): void;
  prune(olderThan: number): number;
}

export interface KeyStore {
  /** `hash` is the SHA-256 of the whole key, hex. */
  save(key: Key, hash: string): void;
  find(id: string): { key: Key; hash: string } | undefined;
  /** Newest first, revoked ones too. */
  list(visibleTo: string | undefined): Key[];
  revoke(id: string, at: string): void;
}

export interface TenantUsage {
  cpuMs: number;
  bytes: number;
}

export interface TenantStore {
  /** Limits that an admin set; undefined where the service's own hold. */
  limits(tenant: string): TenantLimits | undefined;
  setLimits(tenant: string, limits: TenantLimits): void;
  /** Names of all tenants that have keys, limits or usage. */
  tenants(): string[];
  /** What was used on a day, for example "2026-11-23" (UTC). */
  usage(tenant: string, day: string): TenantUsage;
  addUsage(tenant: string, day: string, used: TenantUsage): void;
  prune(beforeDay: string): number;
}

/** A cohort's sessions keep their own records. */
export interface StoredCohort {
  id: string;
  tenant: string;
  createdAt: string;
  sessionIds: string[];
}

export interface CohortStore {
  save(cohort: StoredCohort): void;
  find(visibleTo: string | undefined, id: string): StoredCohort | undefined;
  prune(olderThan: number): number;
}
