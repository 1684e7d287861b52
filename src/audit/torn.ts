/** What stands behind a file's last line: a record that a killed process began, or what somebody wrote there. */
import { closeSync, existsSync, fsyncSync, openSync, readSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import { endOfLastLine, sizeOf } from "./folder.ts";

export interface WholeLines {
  path: string;
  /** Bytes with the last line's end. */
  end: number;
  size: number;
}

export const wholeLinesOf = (path: string): WholeLines => {
  const size = sizeOf(path);
  return { path, size, end: size === 0 ? 0 : endOfLastLine(path, size) };
};

const CHUNK = 1 << 16;

/** Copies it to a file of its own, and only then cuts it; returns the file's name, undefined where there is nothing. */
export const setTornAside = (folder: string, seq: number, lines: WholeLines): string | undefined => {
  const { path, end, size } = lines;
  if (end === size) return;
  const name = freeName(folder, seq);
  const from = openSync(path, "r");
  const to = openSync(join(folder, name), "wx", 0o600);
  try {
    const chunk = Buffer.alloc(CHUNK);
    for (let at = end; at < size; ) {
      const read = readSync(from, chunk, 0, Math.min(CHUNK, size - at), at);
      if (read === 0 || writeSync(to, chunk, 0, read) < read)
        throw new Error(`${name} could not be written whole`);
      at += read;
    }
    fsyncSync(to);
  } finally {
    closeSync(from);
    closeSync(to);
  }
  truncateSync(path, end);
  return name;
};

const freeName = (folder: string, seq: number): string => {
  for (let copy = 1; ; copy += 1) {
    const name = `torn-${seq}${copy === 1 ? "" : `-${copy}`}.bin`;
    if (!existsSync(join(folder, name))) return name;
  }
};
