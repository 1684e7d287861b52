/** Events of the audit log, as lines of it or as the service answers them: which are asked for, and what they tell. */
import { type AuditRecord, auditEventTypes } from "../../integrity/audit-record.ts";

/** Its type is any text: a log may be of a later version. */
export type AuditEvent = AuditRecord;

/** All that a log may have, as the API names them. */
export const eventTypes: readonly string[] = auditEventTypes;

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
