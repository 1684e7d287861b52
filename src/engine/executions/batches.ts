import type { AuditActor } from "../../domain/audit-event.ts";
import type { Batch, BatchItem } from "../../domain/batch.ts";
import { ServiceError, toFault } from "../../domain/errors.ts";
import { createExecutionId } from "../../domain/ids.ts";
import type { Idempotency } from "../idempotency.ts";
import type { Clock } from "../ports/clock.ts";
import type { ExecutionStore, StoredExecution } from "../ports/stores.ts";
import type { Executor } from "./executor.ts";
import type { Ledger } from "./ledger.ts";
import { statusOf } from "./record-of.ts";

export interface BatchesDependencies {
  executor: Pick<Executor, "submit">;
  ledger: Ledger;
  store: ExecutionStore;
  idempotency: Idempotency;
  clock: Clock;
  /** Items of one batch under way at the same time. */
  atOnce: number;
}

interface BatchOwner {
  tenant: string;
  actor?: AuditActor | undefined;
  traceparent?: string | undefined;
}

/** A full queue is asked again after this long. */
const PAUSE_MS = 100;

/** Runs many actions, each once for its id. What others need of the queue stays theirs. */
export class Batches {
  readonly #deps: BatchesDependencies;

  constructor(deps: BatchesDependencies) {
    this.#deps = deps;
  }

  /**
   * Calls back with one line of JSON for each item, in order of completion, and goes on when that resolves.
   * An aborted signal keeps items that were not begun from beginning; resolves when those that were have ended.
   */
  async run(
    { items }: Batch,
    owner: BatchOwner,
    signal: AbortSignal,
    onLine: (line: string) => Promise<void>,
  ): Promise<void> {
    const left = items.values();
    let done = 0;
    let failed = 0;
    const worker = async () => {
      for (const item of left) {
        if (signal.aborted) return;
        const line = await this.#line(item, owner, signal);
        if (line.ok) done += 1;
        else failed += 1;
        await onLine(line.json);
      }
    };
    await Promise.all(Array.from({ length: Math.min(this.#deps.atOnce, items.length) }, worker));
    if (!signal.aborted) await onLine(JSON.stringify({ done, failed }));
  }

  async #line(
    item: BatchItem,
    owner: BatchOwner,
    signal: AbortSignal,
  ): Promise<{ ok: boolean; json: string }> {
    const id = JSON.stringify(item.id);
    try {
      return { ok: true, json: `{"id":${id},"execution":${await this.#execute(item, owner, signal)}}` };
    } catch (error) {
      return { ok: false, json: `{"id":${id},"error":${JSON.stringify(toFault(error))}}` };
    }
  }

  async #execute(
    { id: key, action }: BatchItem,
    owner: BatchOwner,
    signal: AbortSignal,
  ): Promise<StoredExecution> {
    const { executor, idempotency, ledger, store, clock } = this.#deps;
    const { tenant } = owner;
    const request = { tenant, scope: "batch item", key, body: JSON.stringify(action) };
    for (;;) {
      try {
        return await idempotency.once(request, {
          createRef: () => createExecutionId(clock.now()),
          first: async (id) => await (await executor.submit(action, { ...owner, id })).result,
          holds: (id) => ledger.stands(tenant, id),
          again: async (id) => {
            const live = ledger.find(tenant, id);
            if (live) return await live.result;
            const stored = store.find(tenant, id);
            return stored !== undefined && statusOf(stored) === "finished" ? stored : undefined;
          },
        });
      } catch (error) {
        const full = error instanceof ServiceError && error.code === "capacity_exhausted";
        if (!full || signal.aborted) throw error;
        await new Promise<void>((resolve) => clock.after(PAUSE_MS, resolve));
      }
    }
  }
}
