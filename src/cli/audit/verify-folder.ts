/** Checks an audit log without the service: chain, numbers, hashes, signed heads and the roots they speak of. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { AuditChecker, type Finding, genesis, isFinding, startAfter } from "../../integrity/audit-checker.ts";
import {
  type AuditHead,
  type AuditRemoval,
  openHead,
  openRemoval,
  type TrustedKeys,
} from "../../integrity/audit-statement.ts";
import { HEADS, KEPT_HEAD, linesOf, REMOVALS, type Segment, segmentsIn, sizeOf } from "./folder.ts";

export interface Verdict {
  /** undefined: nothing is wrong. */
  finding: Finding | undefined;
  /** How many records were read. */
  records: number;
  /** How many were removed for their age, by a signed statement. */
  removed: number;
  /** In the folder. */
  heads: number;
  /** Up to which record a signed head proves all; what comes after is only chained. */
  proven: number;
  /** The last record's number. */
  size: number;
  /** Records that a head speaks for that was kept elsewhere; null: none was given. What comes after may be cut off. */
  kept: number | null;
}

/** `known` are heads that were kept elsewhere: the log must go on from them. */
export const verifyFolder = (
  folder: string,
  keys: TrustedKeys,
  known: readonly AuditHead[] = [],
): Verdict => {
  const there = snapshotOf(folder, keys);
  const kept = known.length === 0 ? null : Math.max(...known.map(({ treeSize }) => treeSize));
  const nothing = { records: 0, removed: 0, heads: 0, proven: 0, size: 0, kept };
  if (isFinding(there)) return { finding: there, ...nothing };
  const { removal, segments } = there;
  const checker = new AuditChecker(removal ? startAfter(removal) : genesis);
  const removed = checker.size;
  const others = [...(there.beside ? [there.beside] : []), ...known];
  const heads = new Heads(checker, removed, there.heads, others);
  const verdict = (finding: Finding | undefined): Verdict => ({
    finding,
    records: checker.size - removed,
    removed,
    heads: heads.found,
    proven: checker.proven,
    size: checker.size,
    kept,
  });
  const before = heads.check();
  if (before) return verdict(before);
  for (const { name, path, end } of segments) {
    const open = checker.segment();
    if (open) return verdict(open);
    for (const { text, number: line, whole } of linesOf(path, end)) {
      const seq = checker.size + 1;
      const torn = { file: name, line, seq, problem: `record ${seq} was cut off: its line has no end` };
      const record = whole ? checker.record(text, name, line) : torn;
      if (isFinding(record)) return verdict(record);
      const finding = heads.check();
      if (finding) return verdict(finding);
    }
  }
  return verdict(heads.end() ?? checker.end());
};

interface Snapshot {
  beside: AuditHead | undefined;
  removal: AuditRemoval | undefined;
  heads: Iterator<AuditHead | Finding>;
  segments: (Segment & { end: number })[];
}

/** What is there now, heads before records: a service that goes on writing changes nothing of what is checked. */
const snapshotOf = (folder: string, keys: TrustedKeys): Snapshot | Finding => {
  const beside = besideOf(folder, keys);
  if (isFinding(beside)) return beside;
  const heads = headsOf(folder, keys, sizeOf(join(folder, HEADS)));
  const removal = removalOf(folder, keys);
  if (isFinding(removal)) return removal;
  const segments = segmentsIn(folder)
    .filter(({ number }) => number > (removal?.segment ?? 0))
    .map((segment) => ({ ...segment, end: sizeOf(segment.path) }));
  return { beside, removal, heads, segments };
};

/** All that speak of the log: its own, the one beside it, and those that were kept elsewhere. */
class Heads {
  readonly #checker: AuditChecker;
  readonly #removed: number;
  readonly #own: Pending<AuditHead | Finding>;
  readonly #others: Pending<AuditHead>;
  /** Of its own. */
  found = 0;
  #last = -1;
  /** Records that the largest of the others speaks for. */
  readonly #most: number;

  constructor(checker: AuditChecker, removed: number, own: Snapshot["heads"], others: AuditHead[]) {
    this.#checker = checker;
    this.#removed = removed;
    this.#own = new Pending(own);
    const sorted = others.toSorted((a, b) => a.treeSize - b.treeSize);
    this.#others = new Pending(sorted.values());
    this.#most = sorted.at(-1)?.treeSize ?? -1;
  }

  /** Compares all heads of the tree as it is. */
  check(): Finding | undefined {
    for (const pending of [this.#own, this.#others]) {
      for (let next = pending.next; next; next = pending.next) {
        if (isFinding(next)) return next;
        if (next.treeSize > this.#checker.size) break;
        if (next.treeSize < this.#checker.size && next.treeSize > this.#removed) return backwards(next);
        const finding = this.#checker.head(next);
        if (finding) return finding;
        if (pending === this.#own) {
          this.found += 1;
          this.#last = next.treeSize;
        }
        pending.take();
      }
    }
    return;
  }

  /** The records end here. */
  end(): Finding | undefined {
    for (const { next } of [this.#own, this.#others]) {
      if (next && !isFinding(next)) return this.#checker.missing(next);
    }
    const at = { file: HEADS, line: this.found, seq: 0 };
    if (this.found === 0) return { ...at, problem: "no head is signed: they were taken away" };
    if (this.#last >= this.#most) return;
    const spoken = `the last one speaks of ${this.#last} records, one that was kept of ${this.#most}`;
    return { ...at, problem: `heads were taken away: ${spoken}` };
  }
}

/** A source's next item stays until it is taken. */
class Pending<Item> {
  readonly #source: Iterator<Item>;
  #next: Item | undefined;

  constructor(source: Iterator<Item>) {
    this.#source = source;
    this.take();
  }

  get next(): Item | undefined {
    return this.#next;
  }

  take(): void {
    const { done, value } = this.#source.next();
    this.#next = done ? undefined : value;
  }
}

function* headsOf(folder: string, keys: TrustedKeys, end: number): Generator<AuditHead | Finding> {
  for (const { text, number } of linesOf(join(folder, HEADS), end)) {
    const head = openHead(text, keys);
    if (typeof head !== "string") yield head;
    else
      yield unproven(
        { file: HEADS, line: number, seq: 0, problem: `the head ${head}` },
        openHead(text, undefined),
        keys,
      );
  }
}

const backwards = ({ treeSize }: AuditHead): Finding => ({
  file: HEADS,
  line: 0,
  seq: treeSize,
  problem: `the head of ${treeSize} records is not in its place: the heads were written anew`,
});

/** The last head that the service signed, as it keeps it; a copy of the folder alone has none. */
const besideOf = (folder: string, keys: TrustedKeys): AuditHead | Finding | undefined => {
  const path = join(dirname(folder), KEPT_HEAD);
  if (sizeOf(path) === 0) return;
  const text = readFileSync(path, "utf8").trimEnd();
  const head = openHead(text, keys);
  if (typeof head !== "string") return head;
  const finding = { file: KEPT_HEAD, line: 1, seq: 0, problem: `the head ${head}` };
  return unproven(finding, openHead(text, undefined), keys);
};

/** Where it is the key that is not known, nothing is said against the log: it can't be checked. */
const unproven = (finding: Finding, statement: { keyId: string } | string, keys: TrustedKeys): Finding =>
  typeof statement === "string" || keys.has(statement.keyId)
    ? finding
    : { ...finding, unknownKey: statement.keyId.slice(0, 32) };

const removalOf = (folder: string, keys: TrustedKeys): AuditRemoval | Finding | undefined => {
  let last: { text: string; number: number } | undefined;
  for (const line of linesOf(join(folder, REMOVALS))) last = line;
  if (!last) return;
  const removal = openRemoval(last.text, keys);
  if (typeof removal !== "string") return removal;
  const finding = {
    file: REMOVALS,
    line: last.number,
    seq: 0,
    problem: `the statement of what was removed ${removal}`,
  };
  return unproven(finding, openRemoval(last.text, undefined), keys);
};
