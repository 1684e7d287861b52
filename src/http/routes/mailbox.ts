/** Values that come from callbacks, read in order by one reader. */
export class Mailbox<Value> implements AsyncIterable<Value> {
  readonly #letters: { value: Value; taken: () => void }[] = [];
  #closed = false;
  #abandoned = false;
  #wake = () => {};

  /** Read until `close`, or until the signal says that the reader is gone. */
  constructor(gone: AbortSignal) {
    if (gone.aborted) this.#abandon();
    else gone.addEventListener("abort", () => this.#abandon(), { once: true });
  }

  /** Resolves when the reader has it, or reads no more: who waits for that sends no faster than is read. */
  put(value: Value): Promise<void> {
    if (this.#abandoned) return Promise.resolve();
    return new Promise((taken) => {
      this.#letters.push({ value, taken });
      this.#wake();
    });
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  #abandon(): void {
    this.#abandoned = true;
    for (const { taken } of this.#letters.splice(0)) taken();
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Value> {
    for (;;) {
      for (let letter = this.#letters.shift(); letter; letter = this.#letters.shift()) {
        letter.taken();
        yield letter.value;
      }
      if (this.#closed || this.#abandoned) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}
