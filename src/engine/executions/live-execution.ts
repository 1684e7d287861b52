import { ServiceError } from "../../domain/errors.ts";
import type { ExecutionHead, PendingExecution } from "../../domain/execution.ts";
import type { SandboxContainer } from "../ports/runtime.ts";
import type { StoredExecution } from "../ports/stores.ts";
import type { Asked } from "../receipts/asked.ts";
import { ExecutionFeed } from "./feed.ts";

/** An execution between its acceptance and its end. */
export class LiveExecution {
  readonly tenant: string;
  readonly feed = new ExecutionFeed();
  /** The stored execution; rejects with what kept it from being one. */
  readonly result: Promise<StoredExecution>;
  head: ExecutionHead;
  /** For its receipt; undefined for one that an earlier process began, until this one goes on with it. */
  asked: Asked | undefined;
  readonly #cancel = new AbortController();
  readonly #settle = Promise.withResolvers<StoredExecution>();
  #sandbox: SandboxContainer | undefined;

  constructor(tenant: string, head: ExecutionHead) {
    this.tenant = tenant;
    this.head = head;
    this.result = this.#settle.promise;
    // Whoever submitted it may be gone.
    this.result.catch(() => {});
  }

  get id(): string {
    return this.head.id;
  }

  get running(): boolean {
    return this.#sandbox !== undefined;
  }

  /** The last one that it was given. */
  get sandbox(): SandboxContainer | undefined {
    return this.#sandbox;
  }

  /** Aborted when it is to be cancelled. */
  get signal(): AbortSignal {
    return this.#cancel.signal;
  }

  record(): PendingExecution {
    return { ...this.head, status: this.running ? "running" : "queued" };
  }

  /** Kills it, or takes it out of the queue. It ends with an observation all the same. */
  cancel(): void {
    this.#cancel.abort();
  }

  /** Throws `conflict` when its code doesn't run. */
  interrupt(): void {
    this.#runningIn().interrupt(this.id);
  }

  /** Throws `conflict` when its code doesn't run. */
  async feedStdin(data: Buffer, close: boolean): Promise<void> {
    await this.#runningIn().feed(this.id, data, close);
  }

  runsIn(sandbox: SandboxContainer): void {
    this.#sandbox = sandbox;
  }

  settle(stored: StoredExecution): void {
    this.#settle.resolve(stored);
  }

  /** For those who wait here; the feed is told on its own. */
  reject(error: unknown): void {
    this.#settle.reject(error);
  }

  #runningIn(): SandboxContainer {
    if (this.#sandbox) return this.#sandbox;
    throw new ServiceError("conflict", `Execution ${this.id} is not running yet`);
  }
}
