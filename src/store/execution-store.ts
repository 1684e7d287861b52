import type { z } from "zod";
import { ServiceError } from "../domain/errors.ts";
import {
  type Execution,
  type ExecutionHead,
  type ExecutionSummary,
  executionHeadSchema,
  type FailedExecution,
  type PendingExecution,
} from "../domain/execution.ts";
import type {
  ExecutionQuery,
  ExecutionStore,
  Kept,
  Page,
  StoredExecution,
  StoredReceipt,
  StoredSubmission,
  Timeline,
  UnfinishedExecution,
} from "../engine/ports/stores.ts";
import type { Database } from "./database.ts";
import { executionRowSchema, executionSource, toExecutionListing, toSummary } from "./execution-list.ts";
import { type ExecutionStatements, prepareExecutions } from "./execution-statements.ts";
import { Pages } from "./pages.ts";

/**
 * What is stored is the text that is answered. Queued and running executions are never dropped, neither for
 * their age nor for their size. Which of them run is known in memory only: after a restart none of them does.
 */
export class SqliteExecutionStore implements ExecutionStore {
  readonly #database: Database;
  readonly #maxBytes: number;
  readonly #sql: ExecutionStatements;
  readonly #pages: Pages<z.infer<typeof executionRowSchema>>;
  readonly #running = new Set<string>();
  /** Of all texts together, as committed. */
  #bytes: number;

  constructor(database: Database, maxBytes: number) {
    this.#database = database;
    this.#maxBytes = maxBytes;
    this.#sql = prepareExecutions(database);
    this.#pages = new Pages(database, executionSource, executionRowSchema);
    this.#bytes = this.#sql.sum({})?.total ?? 0;
    // The bound may be lower than it was, and here nobody waits.
    if (this.#bytes > maxBytes) this.#grow("", () => 0);
  }

  begin(tenant: string, execution: ExecutionHead, plan: string, { submission, keepUntil }: Kept = {}): void {
    const { id, createdAt, session } = execution;
    const head = JSON.stringify(execution);
    const bytes = size(head, plan, submission ?? "");
    const made = { createdAt: Date.parse(createdAt), sessionId: session?.id ?? null };
    this.#grow(id, () => {
      this.#sql.begin({ id, tenant, ...made, bytes, head, plan, keepUntil: keepUntil ?? null });
      if (submission !== undefined) this.#sql.keepSubmission({ submission });
      return bytes;
    });
  }

  running(id: string): void {
    this.#running.add(id);
  }

  finish(tenant: string, execution: Execution, timeline: Timeline, receipt: StoredReceipt): StoredExecution {
    const { status, observation, timings, redacted, ...head } = execution;
    const { outcome, exitCode, usage } = observation;
    const end = { result: outcome, exitCode, wallMs: usage.wallMs, timeline };
    return this.#end(tenant, execution, head, end, receipt);
  }

  fail(tenant: string, execution: FailedExecution): StoredExecution {
    const { status, error, ...head } = execution;
    return this.#end(tenant, execution, head, {
      result: status,
      exitCode: null,
      wallMs: null,
      timeline: null,
    });
  }

  find(visibleTo: string | undefined, id: string): StoredExecution | undefined {
    const found = this.#sql.find({ id, visibleTo: visibleTo ?? null });
    if (!found) return undefined;
    return (found.body ?? JSON.stringify(this.#toPending(found.head))) as StoredExecution;
  }

  timeline(visibleTo: string | undefined, id: string): Timeline | undefined {
    const found = this.#sql.timeline({ id, visibleTo: visibleTo ?? null });
    return (found?.timeline ?? undefined) as Timeline | undefined;
  }

  receipt(visibleTo: string | undefined, id: string): StoredReceipt | undefined {
    return this.#sql.receipt({ id, visibleTo: visibleTo ?? null })?.body as StoredReceipt | undefined;
  }

  submission(visibleTo: string | undefined, id: string) {
    const found = this.#sql.submission({ id, visibleTo: visibleTo ?? null });
    return found && { tenant: found.tenant, submission: found.body as StoredSubmission };
  }

  list(visibleTo: string | undefined, query: ExecutionQuery): Page<ExecutionSummary> {
    const listing = toExecutionListing(visibleTo, query, this.#running);
    if (!listing) return { items: [], nextCursor: null };
    const { rows, nextCursor } = this.#pages.read(listing, query);
    return { items: rows.map((row) => toSummary(row, this.#running)), nextCursor };
  }

  unfinished(): UnfinishedExecution[] {
    return this.#sql.unfinished({}).map(({ tenant, head, plan }) => ({
      tenant,
      head: executionHeadSchema.parse(JSON.parse(head)),
      plan,
    }));
  }

  prune(olderThan: number): number {
    const { sumOld, removeOld } = this.#sql;
    return this.#remove(
      () => sumOld({ olderThan })?.total ?? 0,
      () => removeOld({ olderThan }),
    );
  }

  pruneKept(until: number): number {
    const { sumKept, removeKept } = this.#sql;
    return this.#remove(
      () => sumKept({ until })?.total ?? 0,
      () => removeKept({ until }),
    );
  }

  #remove(sum: () => number, remove: () => number): number {
    const { bytes, count } = this.#database.transaction(() => {
      const removed = sum();
      return { bytes: this.#bytes - removed, count: remove() };
    });
    this.#bytes = bytes;
    return count;
  }

  #toPending(text: string): PendingExecution {
    const head = executionHeadSchema.parse(JSON.parse(text));
    return { ...head, status: this.#running.has(head.id) ? "running" : "queued" };
  }

  /** The first end is the one that stays: it may have been told already. */
  #end(
    tenant: string,
    record: Execution | FailedExecution,
    of: ExecutionHead,
    end: End,
    receipt?: StoredReceipt,
  ): StoredExecution {
    const body = JSON.stringify(record);
    const head = JSON.stringify(of);
    const { id } = of;
    const bytes = size(head, body, end.timeline ?? "", receipt ?? "");
    this.#grow(id, () => {
      const begun = this.#sql.begun({ id });
      if (begun?.tenant !== tenant || begun.result !== null) {
        throw new ServiceError("internal", "The execution that is to end is not under way");
      }
      const withKept = bytes + begun.kept;
      this.#sql.end({ seq: begun.seq, ...end, bytes: withKept, head, body });
      if (receipt !== undefined) this.#sql.keepReceipt({ seq: begun.seq, receipt });
      return withKept - begun.bytes;
    });
    this.#running.delete(id);
    return body as StoredExecution;
  }

  /** `write` returns how many bytes more there are. What it wrote itself doesn't go again for room. */
  #grow(id: string, write: () => number): void {
    this.#bytes = this.#database.transaction(() => {
      const bytes = this.#bytes + write();
      return bytes > this.#maxBytes ? this.#dropOldest(bytes, id) : bytes;
    });
  }

  /** Returns how many bytes are left. */
  #dropOldest(bytes: number, but: string): number {
    let left = bytes;
    while (left > this.#maxBytes) {
      const oldest = this.#sql.oldest({ but });
      if (oldest.length === 0) return left;
      for (const row of oldest) {
        if (left <= this.#maxBytes) return left;
        this.#sql.remove({ seq: row.seq });
        left -= row.bytes;
      }
    }
    return left;
  }
}

interface End {
  /** The outcome, or `failed`. */
  result: string;
  exitCode: number | null;
  wallMs: number | null;
  timeline: Timeline | null;
}

const size = (...texts: string[]) => texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
