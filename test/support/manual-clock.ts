import type { Clock } from "../../src/engine/ports/clock.ts";

/** Time that moves only when a test says so. */
export class ManualClock implements Clock {
  #ms = 1_800_000_000_000;
  readonly #timers = new Set<{ at: number; callback: () => void }>();

  now(): number {
    return this.#ms;
  }

  monotonic(): number {
    return this.#ms;
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { at: this.#ms + delayMs, callback };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** How many callbacks wait for their time. */
  get timers(): number {
    return this.#timers.size;
  }

  /** Moves time and fires what became due, the earliest first, then lets promises settle. */
  async advance(ms: number): Promise<void> {
    this.#ms += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#ms).sort((a, b) => a.at - b.at);
    for (const timer of due) {
      // One of those before may have cancelled it.
      if (this.#timers.delete(timer)) timer.callback();
    }
    await settled();
  }
}

/** Lets everything that waits on resolved promises go on. */
export const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
