import type { NewAuditEvent } from "../../domain/audit-event.ts";
import type { AuditLog } from "../ports/audit-log.ts";

/** Events of one end, each written once, however often it is tried. */
export class RecordOnce {
  readonly #audit: AuditLog;
  readonly #left: NewAuditEvent[];

  constructor(audit: AuditLog, events: NewAuditEvent[]) {
    this.#audit = audit;
    this.#left = [...events];
  }

  get done(): boolean {
    return this.#left.length === 0;
  }

  /** Throws `audit_unavailable`. */
  write(): void {
    for (let event = this.#left[0]; event; event = this.#left[0]) {
      this.#audit.append(event);
      this.#left.shift();
    }
  }
}
