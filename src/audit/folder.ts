/** Where what is kept of an audit log: docs/audit.md describes the files. */
import { closeSync, fsyncSync, mkdirSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";

export const HEADS = "heads.jsonl";
export const REMOVALS = "removals.jsonl";
/** Made of the segments, and made anew where it is lost. */
export const TREE = "tree.bin";

const segmentName = /^audit-(\d{6,})\.jsonl$/;

export interface Segment {
  number: number;
  name: string;
  path: string;
}

export const segmentOf = (folder: string, number: number): Segment => {
  const name = `audit-${String(number).padStart(6, "0")}.jsonl`;
  return { number, name, path: join(folder, name) };
};

export const claimAuditFolder = (folder: string): void => {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
};

/** Oldest first. */
export const segmentsIn = (folder: string): Segment[] =>
  readdirSync(folder)
    .flatMap((name) => {
      const [, digits] = segmentName.exec(name) ?? [];
      return digits === undefined ? [] : [{ number: Number(digits), name, path: join(folder, name) }];
    })
    .sort((a, b) => a.number - b.number);

/** What was made or renamed in a folder is there after a power cut too. */
export const syncFolder = (folder: string): void => {
  const fd = openSync(folder, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const CHUNK = 1 << 18;

export interface Line {
  text: string;
  /** From 1. */
  number: number;
}

/** The lines of a file up to `end`; a file that is not there has none. Holds one chunk at a time. */
export function* linesOf(path: string, end = sizeOf(path)): Generator<Line> {
  if (end === 0) return;
  const fd = openSync(path, "r");
  try {
    const chunk = Buffer.alloc(CHUNK);
    let rest: Buffer = Buffer.alloc(0);
    let number = 0;
    let at = 0;
    const next = () => readSync(fd, chunk, 0, Math.min(CHUNK, end - at), at);
    for (let read = next(); read > 0; read = next()) {
      at += read;
      let bytes = Buffer.concat([rest, chunk.subarray(0, read)]);
      for (let stop = bytes.indexOf(10); stop >= 0; stop = bytes.indexOf(10)) {
        number += 1;
        yield { text: bytes.toString("utf8", 0, stop), number };
        bytes = bytes.subarray(stop + 1);
      }
      rest = bytes;
    }
    if (rest.length > 0) yield { text: rest.toString(), number: number + 1 };
  } finally {
    closeSync(fd);
  }
}

export interface PlacedLine {
  text: string;
  /** Where it begins in the file. */
  offset: number;
}

/** Lines from the last one before `end` to the first. `end` is 0, or just after a line's end. */
export function* linesBackwards(path: string, end: number): Generator<PlacedLine> {
  const fd = openSync(path, "r");
  try {
    /** The beginning of `tail` in the file. */
    let at = end;
    let tail: Buffer = Buffer.alloc(0);
    while (at > 0) {
      const size = Math.min(CHUNK, at);
      const chunk = Buffer.alloc(size);
      readSync(fd, chunk, 0, size, at - size);
      at -= size;
      tail = Buffer.concat([chunk, tail]);
      // The line whose beginning is not read yet stays for the next round.
      for (let from = beginOfLast(tail); from > 0 || (from === 0 && at === 0); from = beginOfLast(tail)) {
        yield { text: tail.toString("utf8", from, tail.length - 1), offset: at + from };
        tail = tail.subarray(0, from);
        if (from === 0) return;
      }
    }
  } finally {
    closeSync(fd);
  }
}

/** Where the last whole line of the bytes begins; 0 also where it begins before them; -1 where there is none. */
const beginOfLast = (bytes: Buffer): number => {
  if (bytes.length < 2) return bytes.length - 1;
  return bytes.lastIndexOf(10, bytes.length - 2) + 1;
};

export const lastLineOf = (path: string, end = sizeOf(path)): string | undefined =>
  end === 0 ? undefined : linesBackwards(path, end).next().value?.text;

/** Bytes of the file up to and with its last line's end. */
export const endOfLastLine = (path: string, size: number): number => {
  const fd = openSync(path, "r");
  try {
    for (let end = size; end > 0; end -= Math.min(CHUNK, end)) {
      const chunk = Buffer.alloc(Math.min(CHUNK, end));
      readSync(fd, chunk, 0, chunk.length, end - chunk.length);
      const last = chunk.lastIndexOf(10);
      if (last >= 0) return end - chunk.length + last + 1;
    }
    return 0;
  } finally {
    closeSync(fd);
  }
};
