/**
 * One copy of each large execution for everybody who reads it at the same time. It lives as long as somebody
 * holds it: what an answer costs must not grow with the number of those who don't take it.
 */
import type { ExecutionStore, StoredExecution } from "../ports/stores.ts";
import { LEFT_OUT } from "./keeping.ts";
import { StoredRecord } from "./stored-record.ts";

/** What has not finished is smaller, and changes: it is never shared. */
const LARGE = 65_536;

export class SharedRecords {
  readonly #store: Pick<ExecutionStore, "find" | "timeline">;
  readonly #records = new Map<string, WeakRef<StoredRecord>>();
  readonly #collected = new FinalizationRegistry<string>((key) => {
    // Another may have taken its place.
    if (this.#records.get(key)?.deref() === undefined) this.#records.delete(key);
  });

  constructor(store: Pick<ExecutionStore, "find" | "timeline">) {
    this.#store = store;
  }

  find(visibleTo: string | undefined, id: string): StoredRecord | undefined {
    const shared = this.#records.get(keyOf(visibleTo, id))?.deref();
    if (shared) return shared;
    const stored = this.#store.find(visibleTo, id);
    return stored === undefined ? undefined : this.#share(visibleTo, id, stored);
  }

  /**
   * For whoever has its text already. Where the policy keeps parts of it out of the store, that text is more than
   * those may have who come later: it is not shared.
   */
  of(visibleTo: string | undefined, id: string, told: StoredExecution): StoredRecord {
    const timeline = this.#store.timeline(visibleTo, id);
    if (timeline?.startsWith(LEFT_OUT)) return new StoredRecord(told, timeline);
    return this.#records.get(keyOf(visibleTo, id))?.deref() ?? this.#share(visibleTo, id, told, timeline);
  }

  #share(
    visibleTo: string | undefined,
    id: string,
    stored: StoredExecution,
    timeline = this.#store.timeline(visibleTo, id),
  ): StoredRecord {
    const record = new StoredRecord(stored, timeline);
    if (stored.length > LARGE) {
      const key = keyOf(visibleTo, id);
      this.#records.set(key, new WeakRef(record));
      this.#collected.register(record, key);
    }
    return record;
  }
}

/** Whoever may see less shares with nobody who may see more. */
const keyOf = (visibleTo: string | undefined, id: string): string =>
  visibleTo === undefined ? id : `${id} ${visibleTo}`;
