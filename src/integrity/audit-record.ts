/** One line of the audit log: canonical JSON, chained to the line before by hashes. */
import { canonicalJson } from "./canonical-json.ts";
import { sha256 } from "./hash.ts";

/** Of what kinds records are, for those who only read the log. */
export { auditEventTypes } from "../domain/audit-event.ts";

/** What the first record follows. */
export const GENESIS = `sha256:${"0".repeat(64)}`;

interface Actor {
  keyId: string;
  role: string;
}

/** A record without its hash. */
export interface UnsealedRecord {
  v: 1;
  seq: number;
  id: string;
  time: string;
  type: string;
  tenant: string | null;
  actor: Actor | null;
  subject: Record<string, string>;
  data: Record<string, string | number | boolean | null>;
  prev: string;
}

/** Where the same is checked as it comes in: `auditEventSchema`. */
export interface AuditRecord extends UnsealedRecord {
  hash: string;
}

/** The record's line, without its end, and the hash that the next one points to. */
export const sealRecord = ({ actor, data, ...rest }: UnsealedRecord): { line: string; hash: string } => {
  // `hash` comes after `actor` and `data` and before all others: both texts are made of the same two parts.
  const before = canonicalJson({ actor, data }).slice(0, -1);
  const after = canonicalJson(rest).slice(1);
  const hash = sha256(`${before},${after}`);
  return { line: `${before},"hash":"${hash}",${after}`, hash };
};

const fields = [
  "actor",
  "data",
  "hash",
  "id",
  "prev",
  "seq",
  "subject",
  "tenant",
  "time",
  "type",
  "v",
].join();

/** What a line has, if it is one that `sealRecord` made; else what is wrong with it, as the end of a sentence. */
export const openRecord = (line: string): AuditRecord | string => {
  try {
    const value: AuditRecord = JSON.parse(line);
    return problemOf(value, line) ?? value;
  } catch {
    return "was changed: it is no JSON of ours";
  }
};

const problemOf = (value: AuditRecord, line: string): string | undefined => {
  if (typeof value !== "object" || value === null || Object.keys(value).join() !== fields) {
    return "was changed: it has not the fields of a record";
  }
  const { v, seq, hash } = value;
  if (v !== 1) return "has a version that is not known";
  if (!Number.isSafeInteger(seq)) return "was changed: it has no number";
  // Taken out of the text, which is ten times as fast as writing the rest anew.
  const member = `"hash":"${hash}",`;
  const at = line.indexOf(member);
  const isItsHash = at >= 0 && sha256(line.slice(0, at) + line.slice(at + member.length)) === hash;
  if (!isItsHash) return "was changed: its hash is not that of its content";
  return JSON.stringify(value) === line ? undefined : "was changed: it is not written as a record is";
};

/** Control, invisible and reordering characters, lone surrogates. */
const unsafe = /[\p{C}\p{Zl}\p{Zp}]/gu;
const LONGEST = 256;

/** Text of a stranger's as it may stand in a record: bounded, on one line, and showing what it is. */
export const safeText = (text: string): string => {
  const short = text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
  return short.replace(unsafe, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
};
