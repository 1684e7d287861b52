import type { NewAuditEvent } from "../../domain/audit-event.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock } from "../ports/clock.ts";

/** Of requests without a valid key, all together. */
const PER_SECOND = 100;
const PER_SECOND_OF_KEY = 20;
/** Keys with a budget of their own in one second; those above share one. */
const MOST_KEYS = 500;
const SECOND_MS = 1_000;

/** What is left for one key's events of one type in this second, and how many only were counted. */
interface Budget {
  left: number;
  more: number;
  /** Whose it is: what the counted event says. */
  of: Pick<NewAuditEvent, "type" | "tenant" | "actor">;
}

/**
 * Records refused requests, so many in a second; the rest is counted, so that nobody can flood the log. Each key has a
 * budget of its own: what strangers send, or another key, pushes none of its events out.
 */
export class AccessDenials {
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #budgets = new Map<string, Budget>();
  #until = 0;
  #willFlush = false;

  constructor(audit: AuditLog, clock: Clock, onFault: (error: unknown) => void) {
    this.#audit = audit;
    this.#clock = clock;
    this.#onFault = onFault;
  }

  /** Never throws: the request is refused already. */
  record(event: NewAuditEvent): void {
    if (this.#clock.monotonic() >= this.#until) {
      this.#until = this.#clock.monotonic() + SECOND_MS;
      this.flush();
      this.#budgets.clear();
    }
    const budget = this.#budgetOf(event);
    if (budget.left > 0) {
      budget.left -= 1;
      this.#append(event);
      return;
    }
    budget.more += 1;
    if (this.#willFlush) return;
    this.#willFlush = true;
    this.#clock.after(SECOND_MS, () => this.flush());
  }

  /** Records how many were only counted, for each key: its auditor sees it. */
  flush(): void {
    this.#willFlush = false;
    for (const budget of this.#budgets.values()) {
      if (budget.more === 0) continue;
      const data = { more: budget.more };
      budget.more = 0;
      this.#append({ ...budget.of, subject: {}, data });
    }
  }

  #budgetOf({ type, tenant, actor }: NewAuditEvent): Budget {
    const isNew = actor !== null && !this.#budgets.has(`${type} ${actor.keyId}`);
    const isOther = isNew && this.#budgets.size >= MOST_KEYS;
    const id = isOther ? `${type} others` : `${type} ${actor?.keyId ?? ""}`;
    const known = this.#budgets.get(id);
    if (known) return known;
    const left = actor === null || isOther ? PER_SECOND : PER_SECOND_OF_KEY;
    const of = isOther ? { type, tenant: null, actor: null } : { type, tenant, actor };
    const budget = { left, more: 0, of };
    this.#budgets.set(id, budget);
    return budget;
  }

  #append(event: NewAuditEvent): void {
    try {
      this.#audit.append(event);
    } catch (error) {
      this.#onFault(error);
    }
  }
}
