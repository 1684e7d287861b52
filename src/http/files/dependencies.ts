import type { Caller } from "../../domain/tenant.ts";
import type { AuditLog } from "../../engine/ports/audit-log.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { SandboxFiles } from "../../engine/ports/sandbox-files.ts";

export interface FileRouteDependencies {
  /** Throws `not_found`, `session_ended`, and `forbidden` where the caller's role doesn't allow the access. */
  filesOf(caller: Caller, sessionId: string, access: "read" | "write"): Promise<SandboxFiles>;
  audit: AuditLog;
  /** Whose the session is. */
  tenantOf(sessionId: string): string | undefined;
  /** Bytes that went in or out on the caller's account. Must not throw. */
  charge(caller: Caller, bytes: number): void;
  caps: FileCaps;
  clock: Pick<Clock, "after">;
  /** Told of faults that come too late for an answer of their own. */
  onError(error: unknown, requestId: string): void;
}

export interface FileCaps {
  /** Of one request's body, and of what it unpacks to. */
  uploadBytes: number;
  /** Of one archive, either way. */
  entries: number;
  /** Of one answer. */
  downloadBytes: number;
  /** How long one body or one answer may take. */
  ms: number;
}
