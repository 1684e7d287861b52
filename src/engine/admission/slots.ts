import { Line } from "./line.ts";

/** A bounded number of places, first come, first served. */
export class Slots {
  readonly #size: number;
  #taken = 0;
  readonly #waiting = new Line<() => void>();

  constructor(size: number) {
    this.#size = size;
  }

  get taken(): number {
    return this.#taken;
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  /** Waits for a place; the returned function gives it back. Rejects with the signal's reason. */
  async take(signal?: AbortSignal): Promise<() => void> {
    signal?.throwIfAborted();
    if (this.#taken < this.#size) this.#taken += 1;
    else await this.#wait(signal);
    let held = true;
    return () => {
      if (!held) return;
      held = false;
      // The place goes straight to the next in line, so nobody can slip in between.
      const enter = this.#waiting.first;
      if (enter) enter();
      else this.#taken -= 1;
    };
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const giveUp = () => {
        leave();
        reject(signal?.reason);
      };
      const leave = this.#waiting.push(() => {
        leave();
        signal?.removeEventListener("abort", giveUp);
        resolve();
      });
      signal?.addEventListener("abort", giveUp, { once: true });
    });
  }
}
