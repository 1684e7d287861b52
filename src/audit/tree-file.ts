import { closeSync, ftruncateSync, openSync, readSync, writeSync } from "node:fs";
import { grow, hashCount, peaksOf, placeOf, type ReadHash, rootOf } from "../integrity/merkle.ts";
import { sizeOf } from "./folder.ts";

const HASH_BYTES = 32;

/**
 * The hashes of the tree over all records, in a file: a proof reads some of them. What is here can be made anew from
 * the segments, so it is written from time to time; what was not yet written is held.
 */
export class TreeFile {
  readonly #fd: number;
  #leaves = 0;
  /** Of the hashes that are in the file. */
  #written = 0;
  #held: Buffer[] = [];

  constructor(path: string) {
    const there = Math.floor(sizeOf(path) / HASH_BYTES);
    this.#fd = openSync(path, there > 0 ? "r+" : "w+", 0o600);
    this.#written = there;
  }

  get leaves(): number {
    return this.#leaves;
  }

  /** Whether the file has the hashes of a tree of so many leaves; if so it goes on from there. */
  goOnFrom(leaves: number): boolean {
    const count = hashCount(leaves);
    if (this.#written < count) return false;
    ftruncateSync(this.#fd, count * HASH_BYTES);
    this.#written = count;
    this.#held = [];
    this.#leaves = leaves;
    return true;
  }

  /** Begins anew with a tree of so many leaves of which only the peaks are known. */
  beginAfter(leaves: number, peaks: readonly Buffer[]): void {
    ftruncateSync(this.#fd, 0);
    for (const [i, { start, size }] of peaksOf(leaves).entries()) {
      const hash = peaks[i];
      if (hash) writeSync(this.#fd, hash, 0, HASH_BYTES, placeOf(start, size) * HASH_BYTES);
    }
    this.#written = hashCount(leaves);
    ftruncateSync(this.#fd, this.#written * HASH_BYTES);
    this.#held = [];
    this.#leaves = leaves;
  }

  push(leaf: Buffer): void {
    this.#held.push(...grow(this.#leaves, leaf, this.read));
    this.#leaves += 1;
  }

  flush(): void {
    if (this.#held.length === 0) return;
    const bytes = Buffer.concat(this.#held);
    const written = writeSync(this.#fd, bytes, 0, bytes.length, this.#written * HASH_BYTES);
    if (written < bytes.length) throw new Error("the tree of the audit log could not be written whole");
    this.#written += this.#held.length;
    this.#held = [];
  }

  readonly read: ReadHash = (index) => {
    const held = this.#held[index - this.#written];
    if (held) return held;
    const hash = Buffer.alloc(HASH_BYTES);
    readSync(this.#fd, hash, 0, HASH_BYTES, index * HASH_BYTES);
    return hash;
  };

  root(leaves = this.#leaves): Buffer {
    return rootOf(leaves, this.read);
  }

  peaks(leaves: number): Buffer[] {
    return peaksOf(leaves).map(({ start, size }) => this.read(placeOf(start, size)));
  }

  close(): void {
    closeSync(this.#fd);
  }
}
