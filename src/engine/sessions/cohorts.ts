import type { AuditActor } from "../../domain/audit-event.ts";
import type { NewCohort } from "../../domain/cohort.ts";
import { ServiceError } from "../../domain/errors.ts";
import { createSessionId } from "../../domain/ids.ts";
import type { Session as SessionView } from "../../domain/session.ts";
import type { Clock } from "../ports/clock.ts";
import type { CohortStore, StoredCohort } from "../ports/stores.ts";
import type { Sessions } from "./sessions.ts";

export interface CohortView {
  id: string;
  tenant: string;
  createdAt: string;
  sessions: SessionView[];
}

export interface CohortsDependencies {
  store: CohortStore;
  sessions: Sessions;
  clock: Clock;
  onFault(error: unknown): void;
}

/** Groups of sessions that are made all or none, and closed as one. */
export class Cohorts {
  readonly #deps: CohortsDependencies;

  constructor(deps: CohortsDependencies) {
    this.#deps = deps;
  }

  /**
   * Rejects with the first session's error, or with `capacity_exhausted` at the deadline; then every
   * session that was made is closed.
   */
  async create(
    { size, session, deadlineMs }: NewCohort,
    { tenant, id, actor }: { tenant: string; id: string; actor?: AuditActor | undefined },
    caller: AbortSignal,
    onReady: (index: number, session: SessionView) => void = () => {},
  ): Promise<CohortView> {
    const { clock, sessions, store } = this.#deps;
    const giveUp = new AbortController();
    const late = clock.after(deadlineMs, () => {
      const message = `Not all of ${size} sessions were ready after ${deadlineMs} ms`;
      giveUp.abort(new ServiceError("capacity_exhausted", message, { retryAfterSeconds: 5 }));
    });
    const signal = AbortSignal.any([caller, giveUp.signal]);
    const ids = Array.from({ length: size }, () => createSessionId(clock.now()));
    const making = ids.map(async (sessionId, index) => {
      try {
        const made = await sessions.create(session, { tenant, id: sessionId, actor, cohortId: id }, signal);
        if (!signal.aborted) onReady(index, made);
        return made;
      } catch (error) {
        giveUp.abort(error);
        throw error;
      }
    });
    const ended = await Promise.allSettled(making);
    late();
    try {
      signal.throwIfAborted();
      const cohort: StoredCohort = {
        id,
        tenant,
        createdAt: new Date(clock.now()).toISOString(),
        sessionIds: ids,
      };
      store.save(cohort);
      return this.#view(cohort);
    } catch (error) {
      const made = ended.filter((one) => one.status === "fulfilled");
      await Promise.all(made.map(({ value }) => sessions.close(tenant, value.id).catch(this.#deps.onFault)));
      throw error;
    }
  }

  find(visibleTo: string | undefined, id: string): CohortView | undefined {
    const stored = this.#deps.store.find(visibleTo, id);
    return stored && this.#view(stored);
  }

  /** Throws `not_found`, also for another tenant's. */
  async close(visibleTo: string | undefined, id: string, actor: AuditActor = null): Promise<CohortView> {
    const stored = this.#deps.store.find(visibleTo, id);
    if (!stored) throw new ServiceError("not_found", `There is no cohort ${JSON.stringify(id)}`);
    await Promise.all(
      stored.sessionIds.map((sessionId) => this.#deps.sessions.close(stored.tenant, sessionId, actor)),
    );
    return this.#view(stored);
  }

  /** Ends the sessions of cohorts that a process before was making when it went down: all of them, or none. */
  async closeIncomplete(): Promise<void> {
    const { sessions, store } = this.#deps;
    await sessions.endThose(
      ({ cohortId }) => cohortId !== null && store.find(undefined, cohortId) === undefined,
      "lost",
      "The service went down before all of its cohort were ready",
    );
  }

  #view({ id, tenant, createdAt, sessionIds }: StoredCohort): CohortView {
    const sessions = sessionIds.flatMap((sessionId) => this.#deps.sessions.find(tenant, sessionId) ?? []);
    return { id, tenant, createdAt, sessions };
  }
}
