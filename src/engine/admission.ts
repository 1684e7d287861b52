import { ServiceError, shuttingDown } from "../domain/errors.ts";
import { Slots } from "./slots.ts";

/** Lets a bounded number of executions run, lets a bounded number wait, and refuses the rest at once. */
export class Admission {
  readonly #slots: Slots;
  readonly #maxQueued: number;
  #draining = false;
  readonly #idle: (() => void)[] = [];

  constructor(maxRunning: number, maxQueued: number) {
    this.#slots = new Slots(maxRunning);
    this.#maxQueued = maxQueued;
  }

  get running(): number {
    return this.#slots.taken;
  }

  get queued(): number {
    return this.#slots.waiting;
  }

  /** Rejects with `capacity_exhausted` when the queue is full, or with the signal's reason. */
  async enter(signal: AbortSignal): Promise<() => void> {
    if (this.#draining) {
      throw shuttingDown();
    }
    if (this.#slots.full && this.#slots.waiting >= this.#maxQueued) {
      const message = `The queue is full: ${this.#slots.taken} running, ${this.#slots.waiting} waiting`;
      throw new ServiceError("capacity_exhausted", message, { retryAfterSeconds: 1 });
    }
    const release = await this.#slots.take(signal);
    return () => {
      release();
      if (this.#slots.taken === 0) for (const resolve of this.#idle.splice(0)) resolve();
    };
  }

  /** Refuses newcomers; resolves when everything that was accepted has ended. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#slots.taken > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }
}
