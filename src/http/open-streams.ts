/** How many streams and large answers a tenant has open: whoever reads slowly holds each for as long as it likes. */
import { ServiceError } from "../domain/errors.ts";

export class OpenStreams {
  readonly #max: number;
  readonly #open = new Map<string, number>();

  constructor(max: number) {
    this.#max = max;
  }

  /** Returns what gives it back; calling that again does nothing. Throws `capacity_exhausted`. */
  enter(tenant: string): () => void {
    const open = this.#open.get(tenant) ?? 0;
    if (open >= this.#max) {
      const message = `The tenant has ${open} streams and large answers open, which is the most`;
      throw new ServiceError("capacity_exhausted", message, { retryAfterSeconds: 1 });
    }
    this.#open.set(tenant, open + 1);
    let left = false;
    return () => {
      if (left) return;
      left = true;
      const others = (this.#open.get(tenant) ?? 1) - 1;
      if (others === 0) this.#open.delete(tenant);
      else this.#open.set(tenant, others);
    };
  }
}
