/** The files of an audit log, read where they are. */
import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { InputError, reasonOf } from "../errors.ts";

export const HEADS = "heads.jsonl";
export const REMOVALS = "removals.jsonl";
/** Beside the folder: the last head that the service signed. */
export const KEPT_HEAD = "audit-head.json";

export interface Segment {
  number: number;
  name: string;
  path: string;
}

/** Oldest first. Throws InputError where the folder holds no log. */
export const segmentsIn = (folder: string): Segment[] => {
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch (error) {
    throw new InputError(`${folder}: ${reasonOf(error)}`);
  }
  const segments = names.flatMap((name) => {
    const [, digits] = /^audit-(\d{6,})\.jsonl$/.exec(name) ?? [];
    return digits === undefined ? [] : [{ number: Number(digits), name, path: join(folder, name) }];
  });
  if (segments.length === 0 && !names.includes(HEADS)) throw new InputError(`${folder} holds no audit log`);
  return segments.sort((a, b) => a.number - b.number);
};

export const sizeOf = (path: string): number => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

const CHUNK = 1 << 18;

export interface Line {
  text: string;
  /** From 1. */
  number: number;
  /** It has its end; what is being written, or was cut, has none. */
  whole: boolean;
}

/** The lines of a file up to `end`, one chunk in memory at a time; a file that is not there has none. */
export function* linesOf(path: string, end = Number.POSITIVE_INFINITY): Generator<Line> {
  if (!statSync(path, { throwIfNoEntry: false })) return;
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
        yield { text: bytes.toString("utf8", 0, stop), number, whole: true };
        bytes = bytes.subarray(stop + 1);
      }
      rest = bytes;
    }
    if (rest.length > 0) yield { text: rest.toString(), number: number + 1, whole: false };
  } finally {
    closeSync(fd);
  }
}
