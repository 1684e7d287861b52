/** Reads an audit log from its beginning and finds the first record that is not right. Needs log(n) of memory. */
import { type AuditRecord, GENESIS, openRecord } from "./audit-record.ts";
import type { AuditHead, AuditRemoval } from "./audit-statement.ts";
import { Frontier, leafHash } from "./merkle.ts";

/** What is wrong first. */
export interface Finding {
  /** The segment's file name, or the file of the heads. */
  file: string;
  line: number;
  /** Which record should be there, or is there. */
  seq: number;
  problem: string;
  /** It is signed by a key that is not among those given: whether anything is wrong can't be told. */
  unknownKey?: string;
}

/** Where a chain begins, or goes on: genesis, or after segments that were removed. */
export interface ChainStart {
  seq: number;
  hash: string;
  peaks: Buffer[];
}

export const genesis: ChainStart = { seq: 0, hash: GENESIS, peaks: [] };

export const startAfter = ({ through, lastHash, peaks }: AuditRemoval): ChainStart => ({
  seq: through,
  hash: lastHash,
  peaks: peaks.map((peak) => Buffer.from(peak, "hex")),
});

/** A head is signed after the first record, and from then on at the latest after so many. */
export const HEAD_RECORDS = 1000;

/**
 * What can stand behind the last head. The append that a head is due after has three records at most: that others were
 * refused, its own, and that the next segment begins. Where the head can't be written, the next append is refused.
 */
const mostUnproven = (proven: number): number => (proven === 0 ? 1 : HEAD_RECORDS) + 2;

export class AuditChecker {
  readonly #frontier: Frontier;
  readonly #startSeq: number;
  #lastHash: string;
  #last: { file: string; line: number } = { file: "", line: 0 };
  #proven: number;
  #lastTime = 0;

  constructor(start: ChainStart = genesis) {
    this.#startSeq = start.seq;
    this.#frontier = Frontier.of(start.seq, start.peaks);
    this.#lastHash = start.hash;
    this.#proven = start.seq;
  }

  /** How many records there are so far, with those that were removed. */
  get size(): number {
    return this.#frontier.leaves;
  }

  get lastHash(): string {
    return this.#lastHash;
  }

  /** Of the last record; 0 where none was read. */
  get lastTime(): number {
    return this.#lastTime;
  }

  /** The last record that a head speaks for. */
  get proven(): number {
    return this.#proven;
  }

  root(): string {
    return `sha256:${this.#frontier.root().toString("hex")}`;
  }

  /** Takes the next line; returns it, or what is wrong with it. */
  record(line: string, file: string, number: number): Finding | AuditRecord {
    const seq = this.size + 1;
    const at = { file, line: number, seq };
    const record = openRecord(line);
    if (typeof record === "string") return { ...at, problem: `record ${seq} ${record}` };
    if (record.seq !== seq) return { ...at, problem: orderProblem(record.seq, seq) };
    if (record.prev !== this.#lastHash) {
      const problem = `record ${seq} does not follow record ${seq - 1}: one of the two was written anew`;
      return { ...at, problem };
    }
    this.#frontier.push(leafHash(line));
    this.#lastHash = record.hash;
    this.#lastTime = Date.parse(record.time);
    this.#last = { file, line: number };
    return record;
  }

  /** Compares a head with the tree so far, which must be as large as the head says. */
  head(head: AuditHead): Finding | undefined {
    const from = this.#proven + 1;
    if (
      head.treeSize <= this.#startSeq ||
      (head.rootHash === this.root() && head.lastHash === this.#lastHash)
    ) {
      this.#proven = Math.max(this.#proven, head.treeSize);
      return;
    }
    const which = from === head.treeSize ? `record ${from}` : `a record from ${from} to ${head.treeSize}`;
    const problem = `${which} was written anew: the signed head of ${head.treeSize} records has another root`;
    return { ...this.#last, seq: from, problem };
  }

  /** Another segment begins here: the one before was closed with a head over all of it. */
  segment(): Finding | undefined {
    const seq = this.#proven + 1;
    if (seq > this.size) return;
    const problem = `records ${seq} to ${this.size} are in no signed head, and their file was closed: a head was taken away, or they were written anew`;
    return { ...this.#last, seq, problem };
  }

  /** The log ends here: what no head speaks for is no more than a killed service leaves. */
  end(): Finding | undefined {
    const seq = this.#proven + 1;
    const most = mostUnproven(this.#proven);
    if (this.size - this.#proven <= most) return;
    const problem = `records ${seq} to ${this.size} are in no signed head, and the service leaves ${most} so at most: heads were taken away, or they were written anew`;
    return { ...this.#last, seq, problem };
  }

  /** The log ends here, and a head speaks of more. */
  missing(head: AuditHead): Finding {
    const seq = this.size + 1;
    const problem = `record ${seq} is missing: the log was cut off, a signed head speaks of ${head.treeSize} records`;
    return { ...this.#last, seq, problem };
  }
}

const orderProblem = (found: number, expected: number): string => {
  if (found < expected) return `record ${found} is there twice, where record ${expected} should be`;
  const missing =
    found === expected + 1 ? `record ${expected} is` : `records ${expected} to ${found - 1} are`;
  return `${missing} missing, or not in place: record ${found} stands here`;
};

export const isFinding = (result: object | undefined): result is Finding =>
  result !== undefined && "problem" in result;
