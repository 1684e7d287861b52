/** What a session is made of, and what is kept of it. */
import type { SessionAction } from "../../domain/action.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Session as SessionView } from "../../domain/session.ts";
import type { TerminationReason } from "../../domain/termination.ts";
import type { Admission } from "../admission/admission.ts";
import type { Ledger } from "../executions/ledger.ts";
import type { LateWrites } from "../late-writes.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { SandboxContainer } from "../ports/runtime.ts";
import type { SessionStore } from "../ports/stores.ts";
import type { Telemetry } from "../ports/telemetry.ts";

/** What of a session is kept; its state is made of what it does. */
export type SessionRecord = Omit<SessionView, "state" | "queued">;

export interface SessionDependencies {
  store: SessionStore;
  /** For what the store refuses at the end of a session. */
  late: LateWrites;
  ledger: Ledger;
  audit: AuditLog;
  admission: Admission;
  clock: Clock;
  telemetry: Telemetry;
  /** CPU time of a session's sandbox, for its tenant's bounds. */
  charge(tenant: string, used: { cpuMs: number; bytes: number }): void;
  onFault(error: unknown): void;
}

export interface SessionParts {
  record: SessionRecord;
  image: Image;
  policy: Policy;
  env: Record<string, string>;
  sandbox: SandboxContainer;
  /** Another process had it before: what its sandbox used until then is charged already. */
  adopted?: boolean;
  /** Gives the tenant's place for a sandbox back. */
  giveBack(): void;
  /** Called once, when it has ended and that is stored. */
  onEnd(id: string, reason: TerminationReason): void;
}

/** What a later process needs to go on with an execution; see `SessionQueue.resume`. */
export interface ExecutionPlan {
  action: SessionAction;
  traceparent?: string | undefined;
  live?: boolean | undefined;
}
