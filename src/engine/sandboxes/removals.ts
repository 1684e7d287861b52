import type { Clock } from "../ports/clock.ts";
import type { SandboxContainer } from "../ports/runtime.ts";

/** A removal takes a core for a while; it leaves this one to the answer first. */
const DELAY_MS = 10;

/** Removes used sandboxes off the hot path: each removal begins after the answer is on its way. */
export class Removals {
  readonly #clock: Clock;
  readonly #onFault: (error: unknown) => void;
  readonly #going = new Set<Promise<void>>();
  /** Begins a removal that still leaves its core to an answer. */
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, onFault: (error: unknown) => void) {
    this.#clock = clock;
    this.#onFault = onFault;
  }

  begin(container: SandboxContainer): void {
    const { promise: due, resolve: start } = Promise.withResolvers<void>();
    this.#clock.after(DELAY_MS, start);
    this.#waiting.add(start);
    const gone = due
      .then(() => {
        this.#waiting.delete(start);
        return container.destroy();
      })
      .catch(this.#onFault)
      .finally(() => this.#going.delete(gone));
    this.#going.add(gone);
  }

  /** Begins what still waits; resolves when all are gone. */
  async settle(): Promise<void> {
    for (const start of this.#waiting) start();
    await Promise.all(this.#going);
  }
}
