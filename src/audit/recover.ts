/**
 * What an audit log is at when a process starts: checked from the segment of the last signed head on, or, where the
 * tree on disk does not fit, from its beginning. Nothing is changed before all of it is found right.
 */
import { unlinkSync } from "node:fs";
import { join } from "node:path";
import {
  AuditChecker,
  type ChainStart,
  type Finding,
  genesis,
  isFinding,
  startAfter,
} from "../integrity/audit-checker.ts";
import { openRecord } from "../integrity/audit-record.ts";
import { type AuditHead, openHead, openRemoval, type TrustedKeys } from "../integrity/audit-statement.ts";
import { leafHash } from "../integrity/merkle.ts";
import { HEADS, lastLineOf, linesOf, REMOVALS, type Segment, segmentsIn, TREE } from "./folder.ts";
import { readKeptHead } from "./kept-head.ts";
import { setTornAside, type WholeLines, wholeLinesOf } from "./torn.ts";
import { TreeFile } from "./tree-file.ts";

export interface Recovered {
  tree: TreeFile;
  segments: Segment[];
  lastHash: string;
  /** Of the last record; 0 where there is none. */
  lastTime: number;
  /** The last head in the folder, and the one outside of it. */
  signed: Signed;
  /** The last record that was removed for its age. */
  removedThrough: number;
  /** The number of the segment with it; 0 where none was removed. */
  removedSegment: number;
  /** Bytes behind last lines, and the files that have them now. */
  cutBytes: number;
  cutTo: string[];
  /** Records that no head speaks for. */
  unproven: number;
}

type Refuse = (problem: string) => never;

/** Throws an Error that names the first bad record and says how to go on. */
export const recover = (folder: string, keptHead: string, keys: TrustedKeys): Recovered => {
  const refuse: Refuse = (problem) => {
    throw new Error(
      `The audit log in ${folder} is not whole: ${problem}. Keep it as evidence: move the folder aside, and ${keptHead} ` +
        "with it, and start again; a new log then begins",
    );
  };
  const heads = wholeLinesOf(join(folder, HEADS));
  const removals = wholeLinesOf(join(folder, REMOVALS));
  const start = startOf(removals, keys, refuse);
  const all = segmentsIn(folder);
  const segments = all.filter(({ number }) => number > start.segment);
  const last = segments.at(-1);
  const lines = last && wholeLinesOf(last.path);
  const signed = signedOf(heads, keptHead, keys, refuse);

  const tree = new TreeFile(join(folder, TREE));
  try {
    const checker = readAll({ segments, lastEnd: lines?.end ?? 0, start: start.chain, ...signed }, tree);
    if (isFinding(checker)) return refuse(`${checker.file} line ${checker.line}: ${checker.problem}`);
    const { head, kept } = signed;
    if (checker.size > 0 && !head) return refuse(`${HEADS} has no signed head: it was taken away`);
    if (checker.size > 0 && !kept) return refuse(`${keptHead}, which has the last signed head, is missing`);
    tree.flush();
    // Their removal was stated, and cut off.
    for (const { path, number } of all) if (number <= start.segment) unlinkSync(path);
    const torn = [lines, heads, removals].filter((file) => file !== undefined);
    return {
      tree,
      segments,
      lastHash: checker.lastHash,
      lastTime: checker.lastTime,
      signed,
      removedThrough: start.chain.seq,
      removedSegment: start.segment,
      cutBytes: torn.reduce((sum, { size, end }) => sum + size - end, 0),
      cutTo: torn.flatMap((file) => setTornAside(folder, checker.size + 1, file) ?? []),
      unproven: checker.size - checker.proven,
    };
  } catch (error) {
    tree.close();
    throw error;
  }
};

/** Where the whole of what is there begins. */
const startOf = (
  { path, end }: WholeLines,
  keys: TrustedKeys,
  refuse: Refuse,
): { chain: ChainStart; segment: number } => {
  const line = lastLineOf(path, end);
  if (line === undefined) return { chain: genesis, segment: 0 };
  const removal = openRemoval(line, keys);
  if (typeof removal === "string") return refuse(`the last line of ${REMOVALS} ${removal}`);
  return { chain: startAfter(removal), segment: removal.segment };
};

export interface Signed {
  head: AuditHead | undefined;
  /** Never ahead of the other. */
  kept: AuditHead | undefined;
}

const signedOf = ({ path, end }: WholeLines, keptHead: string, keys: TrustedKeys, refuse: Refuse): Signed => {
  const kept = readKeptHead(keptHead, keys);
  if (typeof kept === "string") return refuse(`what is in ${keptHead} ${kept}`);
  const line = lastLineOf(path, end);
  const head = line === undefined ? undefined : openHead(line, keys);
  if (typeof head === "string") return refuse(`the last line of ${HEADS} ${head}`);
  if (kept && kept.treeSize > (head?.treeSize ?? -1)) {
    const found = head ? `speaks of ${head.treeSize} records` : "is missing";
    return refuse(
      `it was cut back: the last signed head in ${HEADS} ${found}, the one in ${keptHead} speaks of ${kept.treeSize}`,
    );
  }
  return { head, kept };
};

interface Source extends Signed {
  segments: Segment[];
  /** Bytes of whole lines in the last segment. */
  lastEnd: number;
  start: ChainStart;
}

/** Fills the tree with every record's hash; returns a checker that has read all, or the first thing that is wrong. */
const readAll = (source: Source, tree: TreeFile): AuditChecker | Finding => {
  const { segments, start, kept, head } = source;
  const near = nearStart(segments, Math.min(kept?.treeSize ?? 0, head?.treeSize ?? 0));
  if (near && tree.goOnFrom(near.chain.seq)) {
    const from = { ...near.chain, peaks: tree.peaks(near.chain.seq) };
    const checker = read({ ...source, segments: segments.slice(near.index), start: from }, tree);
    if (!isFinding(checker)) return checker;
  }
  tree.beginAfter(start.seq, start.peaks);
  return read(source, tree);
};

/** The segment that has the head's last record, and what its first record follows; undefined for the first one. */
const nearStart = (
  segments: Segment[],
  treeSize: number,
): { index: number; chain: Pick<ChainStart, "seq" | "hash"> } | undefined => {
  for (let index = segments.length - 1; index > 0; index -= 1) {
    const before = openRecord(lastLineOf(segments[index - 1]?.path ?? "") ?? "");
    if (typeof before === "string") return;
    if (before.seq < treeSize) return { index, chain: before };
  }
  return;
};

const read = ({ segments, lastEnd, start, head, kept }: Source, tree: TreeFile): AuditChecker | Finding => {
  const checker = new AuditChecker(start);
  const heads = [kept, head].filter((one) => one !== undefined);
  for (const [i, { path, name }] of segments.entries()) {
    // The last head speaks for all closed ones.
    const open = head && head.treeSize < checker.size ? checker.segment() : undefined;
    if (open) return open;
    for (const { text, number } of linesOf(path, i === segments.length - 1 ? lastEnd : undefined)) {
      const record = checker.record(text, name, number);
      if (isFinding(record)) return record;
      tree.push(leafHash(text));
      for (const one of heads) {
        const finding = one.treeSize === checker.size ? checker.head(one) : undefined;
        if (finding) return finding;
      }
    }
    tree.flush();
  }
  if (head && head.treeSize > checker.size) return checker.missing(head);
  return (head && checker.end()) ?? checker;
};
