/** The record that shows tampering, in our words. */
import type {
  AuditEvent,
  AuditEventType,
  AuditHead,
  ConsistencyProof,
  InclusionProof,
  NewAuditEvent,
} from "../../domain/audit-event.ts";
import type { Page } from "./stores.ts";

export interface AuditLog {
  /**
   * Written on return, also over a `kill -9`. Throws `audit_unavailable` when it can't be: whatever it
   * was to record must then not be answered with success.
   */
  append(event: NewAuditEvent): void;
}

export interface AuditQuery {
  limit: number;
  /** Opaque; a malformed one throws `invalid_request`. */
  cursor?: string | undefined;
  type?: AuditEventType | undefined;
  /** An id that the event is about, of any kind. */
  subject?: string | undefined;
  /** Milliseconds since 1970; both inclusive. */
  after?: number | undefined;
  before?: number | undefined;
}

/** `visibleTo` is the tenant whose events may be seen; undefined sees all, and the service's own. */
export interface AuditReader {
  /** Newest first. A page may be short, or empty, and not be the last: only so much is read for one. */
  events(visibleTo: string | undefined, query: AuditQuery): Page<AuditEvent>;
  /** Newest first. */
  heads(limit: number): AuditHead[];
  /** Throws `not_found` for what isn't there, or was removed for its age. */
  inclusion(seq: number, treeSize: number | undefined): InclusionProof;
  consistency(from: number, to: number | undefined): ConsistencyProof;
}
