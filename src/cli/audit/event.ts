/** An event of the audit log, as a line of it or as the service answers it. */
export interface AuditEvent {
  v: number;
  seq: number;
  id: string;
  time: string;
  type: string;
  tenant: string | null;
  actor: { keyId: string; role: string } | null;
  subject: Record<string, string>;
  data: Record<string, string | number | boolean | null>;
  prev: string;
  hash: string;
}

/** All that a log may have, as the API names them. */
export const eventTypes: readonly string[] = [
  "service.started",
  "service.stopped",
  "policy.loaded",
  "policy.denied",
  "execution.accepted",
  "execution.finished",
  "execution.failed",
  "execution.denied",
  "execution.cancelled",
  "session.opened",
  "session.reset",
  "session.ended",
  "files.written",
  "files.read",
  "files.removed",
  "key.created",
  "key.revoked",
  "tenant.limits_set",
  "grant.issued",
  "grant.revoked",
  "grant.used",
  "access.denied",
  "proof.ran",
  "posture.refused",
  "audit.rotated",
  "audit.removed",
  "audit.repaired",
  "audit.resumed",
];

export interface EventFilter {
  type?: string | undefined;
  tenant?: string | undefined;
  subject?: string | undefined;
  /** Times that Date.parse knows; both inclusive. */
  after?: string | undefined;
  before?: string | undefined;
}

/** Whether something was refused, or did not go well. */
export const isFailure = ({ type, data }: AuditEvent): boolean =>
  type === "execution.failed" ||
  type.endsWith(".denied") ||
  type.endsWith(".refused") ||
  type === "audit.resumed" ||
  (type === "execution.finished" && data["outcome"] !== "ok");
