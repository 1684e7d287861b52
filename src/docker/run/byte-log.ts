const BLOCK_BYTES = 64 * 1024;
/** Larger pieces are kept as they are. */
const SMALL_BYTES = 4 * 1024;

/** Bytes one after the other. A program that writes byte by byte must not cost an object for each. */
export class ByteLog {
  readonly #parts: Buffer[] = [];
  #block: Buffer = Buffer.alloc(0);
  #used = 0;

  add(data: Buffer): void {
    if (data.length > SMALL_BYTES) {
      this.#finish();
      this.#parts.push(data);
      return;
    }
    if (this.#used + data.length > this.#block.length) {
      this.#finish();
      this.#block = Buffer.allocUnsafe(BLOCK_BYTES);
    }
    this.#used += data.copy(this.#block, this.#used);
  }

  all(): Buffer {
    return Buffer.concat([...this.#parts, this.#block.subarray(0, this.#used)]);
  }

  #finish(): void {
    if (this.#used > 0) this.#parts.push(this.#block.subarray(0, this.#used));
    this.#block = this.#block.subarray(this.#used);
    this.#used = 0;
  }
}
