/** Writes that the store refused for now: tried again, in their order, until it takes them. */
export class LateWrites {
  readonly #pending = new Map<string, () => void>();
  readonly #onFault: (error: unknown) => void;

  constructor(onFault: (error: unknown) => void) {
    this.#onFault = onFault;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Writes now if it can be, else as soon as it can be. The name is what a later write of the same replaces. */
  write(name: string, write: () => void): boolean {
    try {
      write();
      this.#pending.delete(name);
      return true;
    } catch (error) {
      this.#onFault(error);
      this.#pending.set(name, write);
      return false;
    }
  }

  /** Stops at the first that is refused still. */
  retry(): void {
    for (const [name, write] of this.#pending) {
      if (!this.write(name, write)) return;
    }
  }
}
