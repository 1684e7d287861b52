import type { NewAuditEvent } from "../../src/domain/audit-event.ts";
import { ServiceError } from "../../src/domain/errors.ts";
import type { AuditLog } from "../../src/engine/ports/audit-log.ts";

/** Keeps what is appended, or refuses it as a full disk does. */
export class RecordedAudit implements AuditLog {
  readonly events: NewAuditEvent[] = [];
  full = false;

  append(event: NewAuditEvent): void {
    if (this.full) throw new ServiceError("audit_unavailable", "The audit log cannot be written");
    this.events.push(event);
  }

  get types(): string[] {
    return this.events.map(({ type }) => type);
  }

  of(type: NewAuditEvent["type"]): NewAuditEvent[] {
    return this.events.filter((event) => event.type === type);
  }
}
