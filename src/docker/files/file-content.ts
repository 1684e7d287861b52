import type { LauncherCalls } from "../link/launcher-calls.ts";

/** What one call brings at most. */
const CHUNK_BYTES = 262_144;

/** The content of an open file, asked for piece by piece as it is taken. Who stops early closes the file. */
export class FileContent implements AsyncIterableIterator<Buffer> {
  readonly #calls: LauncherCalls;
  readonly #handle: number;
  #left: number;
  #isOver = false;

  constructor(calls: LauncherCalls, handle: number, bytes: number) {
    this.#calls = calls;
    this.#handle = handle;
    this.#left = bytes;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<Buffer>> {
    if (this.#isOver) return { done: true, value: undefined };
    try {
      const { head, data } = await this.#calls.ask("chunk", { handle: this.#handle, max: CHUNK_BYTES });
      this.#left -= data.length;
      if (this.#left < 0 || (data.length === 0 && !head.end) || (head.end && this.#left > 0)) {
        throw this.#calls.breach("a file has another size than it was said to have");
      }
      if (head.end) this.#close();
      return data.length > 0 ? { done: false, value: data } : { done: true, value: undefined };
    } catch (error) {
      this.#close();
      throw error;
    }
  }

  async return(): Promise<IteratorResult<Buffer>> {
    this.#close();
    return { done: true, value: undefined };
  }

  #close(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#calls.drop(this.#handle);
  }
}
