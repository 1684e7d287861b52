/**
 * The Merkle tree of RFC 9162, over hashes that are kept elsewhere: a leaf hash and then each subtree that it
 * completes, in the order in which they come to be. Whatever is asked of a tree of n leaves reads some log(n) of them.
 */
import { createHash } from "node:crypto";

/** Where the hashes are; index 0 is the first leaf's. */
export type ReadHash = (index: number) => Buffer;

const LEAF = Buffer.from([0]);
const NODE = Buffer.from([1]);

export const leafHash = (data: string | Uint8Array): Buffer =>
  createHash("sha256").update(LEAF).update(data).digest();

const nodeHash = (left: Uint8Array, right: Uint8Array): Buffer =>
  createHash("sha256").update(NODE).update(left).update(right).digest();

const emptyRoot = createHash("sha256").digest();

/** How many hashes are kept of a tree of so many leaves. */
export const hashCount = (leaves: number): number => {
  let ones = 0;
  for (let rest = leaves; rest > 0; rest = Math.floor(rest / 2)) ones += rest % 2;
  return 2 * leaves - ones;
};

/** Where the hash of the subtree over [start, start + size) is kept; `size` is a power of two and divides `start`. */
export const placeOf = (start: number, size: number): number => hashCount(start + size - 1) + Math.log2(size);

/** What one more leaf adds to what is kept. */
export const grow = (leaves: number, leaf: Buffer, read: ReadHash): Buffer[] => {
  const added = [leaf];
  let hash = leaf;
  for (let size = 1; Math.floor(leaves / size) % 2 === 1; size *= 2) {
    hash = nodeHash(read(placeOf(leaves + 1 - 2 * size, size)), hash);
    added.push(hash);
  }
  return added;
};

/** The largest power of two below n. */
const splitOf = (n: number): number => {
  let size = 1;
  while (size * 2 < n) size *= 2;
  return size;
};

const rangeHash = (start: number, end: number, read: ReadHash): Buffer => {
  const size = end - start;
  if (size === 0) return emptyRoot;
  if (size === 1) return read(placeOf(start, 1));
  const split = splitOf(size);
  if (split * 2 === size) return read(placeOf(start, size));
  return nodeHash(rangeHash(start, start + split, read), rangeHash(start + split, end, read));
};

export const rootOf = (leaves: number, read: ReadHash): Buffer => rangeHash(0, leaves, read);

/** The complete subtrees that a tree consists of, from left to right. */
export const peaksOf = (leaves: number): { start: number; size: number }[] => {
  const peaks: { start: number; size: number }[] = [];
  for (let start = 0; start < leaves; ) {
    let size = 1;
    while (start + size * 2 <= leaves && start % (size * 2) === 0) size *= 2;
    peaks.push({ start, size });
    start += size;
  }
  return peaks;
};

/** Shows that the leaf at `index` is in the tree of the first `leaves`: RFC 9162, 2.1.3.1. */
export const inclusionPath = (index: number, leaves: number, read: ReadHash): Buffer[] => {
  const path = (at: number, start: number, end: number): Buffer[] => {
    if (end - start === 1) return [];
    const middle = start + splitOf(end - start);
    return at < middle
      ? [...path(at, start, middle), rangeHash(middle, end, read)]
      : [...path(at, middle, end), rangeHash(start, middle, read)];
  };
  return path(index, 0, leaves);
};

/** Shows that the tree of `to` leaves begins with the tree of `from`: RFC 9162, 2.1.4.1. */
export const consistencyPath = (from: number, to: number, read: ReadHash): Buffer[] => {
  const path = (size: number, start: number, end: number, known: boolean): Buffer[] => {
    if (size === end - start) return known ? [] : [rangeHash(start, end, read)];
    const split = splitOf(end - start);
    const middle = start + split;
    return size <= split
      ? [...path(size, start, middle, known), rangeHash(middle, end, read)]
      : [...path(size - split, middle, end, false), rangeHash(start, middle, read)];
  };
  return from === 0 ? [] : path(from, 0, to, true);
};

/** RFC 9162, 2.1.3.2. */
export const includes = (
  { index, leaves, leaf, root }: { index: number; leaves: number; leaf: Buffer; root: Buffer },
  path: readonly Buffer[],
): boolean => {
  if (index >= leaves) return false;
  let at = index;
  let last = leaves - 1;
  let hash = leaf;
  for (const step of path) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      hash = nodeHash(step, hash);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else hash = nodeHash(hash, step);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && hash.equals(root);
};

/** RFC 9162, 2.1.4.2. */
export const extendsTree = (
  before: { leaves: number; root: Buffer },
  after: { leaves: number; root: Buffer },
  path: readonly Buffer[],
): boolean => {
  if (before.leaves > after.leaves) return false;
  if (before.leaves === after.leaves) return path.length === 0 && before.root.equals(after.root);
  if (before.leaves === 0) return path.length === 0;
  const isPower = before.leaves === splitOf(before.leaves + 1);
  const [first, ...rest] = isPower ? [before.root, ...path] : path;
  if (!first) return false;
  let at = before.leaves - 1;
  let last = after.leaves - 1;
  while (at % 2 === 1) [at, last] = [half(at), half(last)];
  let older = first;
  let newer = first;
  for (const step of rest) {
    if (last === 0) return false;
    if (at % 2 === 1 || at === last) {
      older = nodeHash(step, older);
      newer = nodeHash(step, newer);
      while (at % 2 === 0 && at !== 0) [at, last] = [half(at), half(last)];
    } else newer = nodeHash(newer, step);
    [at, last] = [half(at), half(last)];
  }
  return last === 0 && older.equals(before.root) && newer.equals(after.root);
};

const half = (n: number) => Math.floor(n / 2);

/** As much of a growing tree as its root needs: some log(n) hashes. */
export class Frontier {
  #leaves = 0;
  #peaks: { size: number; hash: Buffer }[] = [];

  /** One that begins with so many leaves, of which only these peaks are known. */
  static of(leaves: number, hashes: readonly Buffer[]): Frontier {
    const peaks = peaksOf(leaves);
    if (peaks.length !== hashes.length)
      throw new RangeError("a tree of this size has another number of peaks");
    const frontier = new Frontier();
    frontier.#leaves = leaves;
    frontier.#peaks = peaks.map(({ size }, i) => ({ size, hash: hashes[i] ?? emptyRoot }));
    return frontier;
  }

  get leaves(): number {
    return this.#leaves;
  }

  push(leaf: Buffer): void {
    let peak = { size: 1, hash: leaf };
    for (let left = this.#peaks.at(-1); left?.size === peak.size; left = this.#peaks.at(-1)) {
      this.#peaks.pop();
      peak = { size: peak.size * 2, hash: nodeHash(left.hash, peak.hash) };
    }
    this.#peaks.push(peak);
    this.#leaves += 1;
  }

  root(): Buffer {
    if (this.#leaves === 0) return emptyRoot;
    return this.#peaks.map(({ hash }) => hash).reduceRight((right, left) => nodeHash(left, right));
  }
}
