/** Headers of tar entries: POSIX ustar, and pax records where ustar has no room. */
import { SaveError } from "../errors.ts";

export const BLOCK = 512;

export interface Header {
  path: string;
  /** "0" a file, "5" a folder, "x" pax records of the next entry, "g" of all. */
  type: string;
  bytes: number;
  mode: number;
  modifiedMs: number;
}

const fields = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  modified: [136, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 6],
  version: [263, 2],
  prefix: [345, 155],
} as const;
type Field = keyof typeof fields;

/** One header, with a pax one before it where the name or the size needs that. */
export const toHeaders = (header: Header): Buffer => {
  const records = [
    ...(Buffer.byteLength(header.path) > 100 || /[^\x20-\x7e]/.test(header.path)
      ? [record("path", header.path)]
      : []),
    ...(header.bytes >= 8 ** 11 ? [record("size", String(header.bytes))] : []),
  ];
  const main = block({ ...header, bytes: header.bytes >= 8 ** 11 ? 0 : header.bytes });
  if (records.length === 0) return main;
  const body = Buffer.from(records.join(""));
  const pax = block({
    path: "pax",
    type: "x",
    bytes: body.length,
    mode: 0o644,
    modifiedMs: header.modifiedMs,
  });
  return Buffer.concat([pax, body, padding(body.length), main]);
};

export const padding = (bytes: number): Buffer => Buffer.alloc((BLOCK - (bytes % BLOCK)) % BLOCK);

const block = ({ path, type, bytes, mode, modifiedMs }: Header): Buffer => {
  const buffer = Buffer.alloc(BLOCK);
  const put = (field: Field, text: string) => buffer.write(text, fields[field][0], fields[field][1]);
  const octal = (field: Field, value: number) =>
    put(field, value.toString(8).padStart(fields[field][1] - 1, "0"));
  put("name", path);
  octal("mode", mode & 0o777);
  octal("uid", 0);
  octal("gid", 0);
  octal("size", bytes);
  octal("modified", Math.max(0, Math.floor(modifiedMs / 1000)));
  put("type", type);
  put("magic", "ustar\0");
  put("version", "00");
  put("checksum", `${checksumOf(buffer).toString(8).padStart(6, "0")}\0 `);
  return buffer;
};

/** Throws SaveError for what is no header. */
export const parseHeader = (buffer: Buffer): Header => {
  const text = (field: Field) => {
    const [at, length] = fields[field];
    const bytes = buffer.subarray(at, at + length);
    const end = bytes.indexOf(0);
    return bytes.toString("utf8", 0, end < 0 ? length : end);
  };
  const octal = (field: Field) => {
    const digits = text(field).trim();
    if (!/^[0-7]*$/.test(digits)) throw new SaveError(`The archive has a header with a wrong ${field}`);
    return Number.parseInt(digits || "0", 8);
  };
  if (octal("checksum") !== checksumOf(buffer)) throw new SaveError("The archive has a broken header");
  const prefix = text("magic") === "ustar" ? text("prefix") : "";
  return {
    path: prefix === "" ? text("name") : `${prefix}/${text("name")}`,
    type: text("type") || "0",
    bytes: octal("size"),
    mode: octal("mode"),
    modifiedMs: octal("modified") * 1000,
  };
};

/** The sum of all bytes, with the checksum's own taken as blanks. */
const checksumOf = (buffer: Buffer): number => {
  const [at, length] = fields.checksum;
  return buffer.reduce((sum, byte, i) => sum + (i >= at && i < at + length ? 0x20 : byte), 0);
};

/** `length key=value\n`, where the length counts itself. */
const record = (key: string, value: string): string => {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  const length = rest + String(rest + String(rest).length).length;
  return `${length} ${key}=${value}\n`;
};

export const parseRecords = (body: Buffer): Map<string, string> => {
  const records = new Map<string, string>();
  for (let at = 0; at < body.length; ) {
    const blank = body.indexOf(0x20, at);
    const length = Number(body.toString("latin1", at, blank));
    const [, key, value] = /^([^=]+)=(.*)\n$/s.exec(body.toString("utf8", blank + 1, at + length)) ?? [];
    const fits = blank >= 0 && length > 0 && at + length <= body.length;
    if (!fits || key === undefined || value === undefined) {
      throw new SaveError("The archive has a broken pax header");
    }
    records.set(key, value);
    at += length;
  }
  return records;
};
