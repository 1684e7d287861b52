/** One header block of a tar archive: POSIX ustar, or GNU's. Anything else is refused. */
import { badArchive } from "./bad-archive.ts";

export const BLOCK = 512;

export interface TarHeader {
  name: string;
  size: number;
  mode: number;
  /** The type flag as a character: "0" is a file, "5" a folder. */
  type: string;
}

export const parseHeader = (block: Buffer): TarHeader => {
  if (octal(block, 148, 8, "checksum") !== checksum(block)) {
    throw badArchive("has a header whose checksum is wrong, or is no tar archive");
  }
  const magic = block.toString("latin1", 257, 265);
  if (magic !== "ustar\u000000" && magic !== "ustar  \u0000") {
    throw badArchive("has a header that is neither POSIX ustar nor GNU");
  }
  const name = text(block.subarray(0, 100));
  // GNU keeps times where POSIX has the name's first part.
  const prefix = magic === "ustar\u000000" ? text(block.subarray(345, 500)) : "";
  const type = String.fromCharCode(block[156] ?? 0);
  return {
    name: prefix === "" ? name : `${prefix}/${name}`,
    size: octal(block, 124, 12, "size"),
    mode: octal(block, 100, 8, "mode"),
    type: type === "\u0000" ? "0" : type,
  };
};

/** Up to the first NUL. */
export const text = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return decodeUtf8(end === -1 ? bytes : bytes.subarray(0, end));
};

export const decodeUtf8 = (bytes: Buffer): string => {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw badArchive("has a name that is not UTF-8");
  }
};

/** With its own eight bytes taken for blanks. */
const checksum = (block: Buffer): number => {
  let sum = 8 * 0x20;
  for (const [index, byte] of block.entries()) if (index < 148 || index >= 156) sum += byte;
  return sum;
};

/** Other ways to write a number are for sizes that no workspace has. */
const octal = (block: Buffer, offset: number, length: number, what: string): number => {
  const field = block.toString("latin1", offset, offset + length).replaceAll("\u0000", " ");
  const [, digits] = /^ *([0-7]*) *$/.exec(field) ?? [];
  if (digits === undefined) throw badArchive(`has a header whose ${what} is no octal number`);
  return digits === "" ? 0 : Number.parseInt(digits, 8);
};
