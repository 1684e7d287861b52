/** Finds where a new stream begins: everything before the nonce is left over from an older one. */
export class NonceFinder {
  readonly #nonce: Buffer;
  #tail: Buffer = Buffer.alloc(0);

  constructor(nonce: Buffer) {
    this.#nonce = nonce;
  }

  /** Returns what follows the nonce, once it was there; holds less than a nonce's length. */
  feed(data: Buffer): Buffer | undefined {
    const all = Buffer.concat([this.#tail, data]);
    const at = all.indexOf(this.#nonce);
    if (at !== -1) return all.subarray(at + this.#nonce.length);
    this.#tail = all.subarray(Math.max(0, all.length - this.#nonce.length + 1));
    return undefined;
  }
}
