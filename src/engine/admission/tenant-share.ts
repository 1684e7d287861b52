import type { TenantLimits } from "../../domain/tenant.ts";
import { Line } from "./line.ts";

export type ShareBounds = Pick<TenantLimits, "sandboxes" | "queued">;

interface Waiter {
  /** Its place among all of the tenant's. */
  number: number;
  enter(): void;
}

/** What one tenant has, and who of it waits. */
export class TenantShare {
  bounds: ShareBounds;
  sandboxes = 0;
  /** Accepted and not in: those in line, and those that wait for something else first. */
  queued = 0;
  #arrivals = 0;
  /** In two lines: who needs no sandbox must not stand behind one that can't get any. */
  readonly #plain = new Line<Waiter>();
  readonly #sandboxed = new Line<Waiter>();

  constructor(bounds: ShareBounds) {
    this.bounds = bounds;
  }

  get hasSandboxLeft(): boolean {
    return this.sandboxes < this.bounds.sandboxes;
  }

  get inLine(): number {
    return this.#plain.length + this.#sandboxed.length;
  }

  /** Nothing is known of it that anyone would miss. */
  get idle(): boolean {
    return this.sandboxes === 0 && this.queued === 0;
  }

  /** Returns how to leave. */
  join(sandbox: boolean, enter: () => void): () => void {
    const line = sandbox ? this.#sandboxed : this.#plain;
    return line.push({ number: this.#arrivals++, enter });
  }

  /** Who has stood longest of those that its bounds let in. */
  get next(): Waiter | undefined {
    const plain = this.#plain.first;
    const sandboxed = this.hasSandboxLeft ? this.#sandboxed.first : undefined;
    if (!plain || !sandboxed) return plain ?? sandboxed;
    return plain.number < sandboxed.number ? plain : sandboxed;
  }
}
