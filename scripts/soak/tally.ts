/** What the clients of a soak were promised, what they got, and what was not right. */
import { createHash } from "node:crypto";
import { executionRecordSchema } from "../../src/domain/execution.ts";

/** What an execution must look like when it is read back. */
export interface Promised {
  /** Who asked for it, for the report. */
  by: string;
  /** Of the answer that the client had; undefined where it had none to compare. */
  sha256?: string;
}

export type LatencyKind = "one-shot" | "session step" | "new session" | "file";

export class Tally {
  readonly accepted = new Map<string, Promised>();
  readonly wrong: string[] = [];
  readonly counts = new Map<string, number>();
  readonly retries = new Map<string, number>();
  readonly latencies = new Map<LatencyKind, number[]>();
  #disturbed = 0;

  /** The service said that it has this execution. */
  accept(id: string, by: string): void {
    if (!this.accepted.has(id)) this.accepted.set(id, { by });
  }

  /** The client has this answer; the same has to be there at the end. */
  answer(execution: { id: string }, by: string): void {
    this.accepted.set(execution.id, { by, sha256: digestOf(execution) });
  }

  fail(what: string): void {
    this.wrong.push(what);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  retry(why: string): void {
    this.retries.set(why, (this.retries.get(why) ?? 0) + 1);
  }

  /** While the service is being disturbed on purpose, latencies say nothing of it. */
  latency(kind: LatencyKind, ms: number): void {
    if (this.#disturbed === 0) this.latencies.set(kind, [...(this.latencies.get(kind) ?? []), ms]);
  }

  async whileDisturbed<Value>(work: () => Promise<Value>): Promise<Value> {
    this.#disturbed += 1;
    try {
      return await work();
    } finally {
      this.#disturbed -= 1;
    }
  }
}

/** The schema puts the keys in one order, wherever the execution comes from. */
export const digestOf = (execution: unknown): string =>
  createHash("sha256")
    .update(JSON.stringify(executionRecordSchema.parse(execution)))
    .digest("hex");
