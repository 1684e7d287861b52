/** What is signed about an audit log: how far it went with which root, and what of it was removed on purpose. */
import type { KeyObject } from "node:crypto";
import type { AuditHead } from "../domain/audit-event.ts";
import { canonicalJson } from "./canonical-json.ts";
import { isSigned, keyIdOf, parsePublicKeys } from "./signature.ts";

interface StatementSigner {
  readonly keyId: string;
  sign(data: Uint8Array): Buffer;
}

/** `kind` keeps a signature of one sort of statement from passing for another. */
export type { AuditHead };

/** Whole segments were removed for their age: what a check needs to begin after them. */
export interface AuditRemoval {
  kind: "audit-removal";
  v: 1;
  /** The last segment that is gone, and with it all before. */
  segment: number;
  /** The last record that is gone. */
  through: number;
  lastHash: string;
  /** Of the tree of all that is gone: its complete subtrees from left to right, hex. */
  peaks: string[];
  time: string;
  keyId: string;
  signature: string;
}

type Statement = AuditHead | AuditRemoval;
export type Unsigned<Of extends Statement> = Omit<Of, "keyId" | "signature">;

export const signStatement = <Of extends Statement>(unsigned: Unsigned<Of>, signer: StatementSigner): Of => {
  const body = { ...unsigned, keyId: signer.keyId };
  const signature = signer.sign(Buffer.from(canonicalJson(body))).toString("base64");
  return { ...body, signature } as unknown as Of;
};

/** Public keys by their ids. */
export type TrustedKeys = ReadonlyMap<string, KeyObject>;

/** Of PEMs, each with one key or more. Throws a TypeError where one is no Ed25519 public key. */
export const trustKeys = (pems: readonly string[]): TrustedKeys =>
  new Map(pems.flatMap(parsePublicKeys).map((key) => [keyIdOf(key), key]));

/** undefined where the statement is signed by a trusted key; else what is wrong, as the end of a sentence. */
const problemOf = (statement: Statement, keys: TrustedKeys): string | undefined => {
  const { signature, ...body } = statement;
  const key = keys.get(statement.keyId);
  if (!key) return `is signed with key ${String(statement.keyId).slice(0, 32)}, which is not a trusted one`;
  return isSigned(body, signature, key)
    ? undefined
    : "has a signature that is not right: it is forged or was changed";
};

const hash = /^sha256:[0-9a-f]{64}$/;
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && Number(value) >= 0;

const parse = (line: string): Partial<Record<string, unknown>> => {
  try {
    return Object(JSON.parse(line));
  } catch {
    return {};
  }
};

/** With keys undefined the signature is not looked at. */
export const openHead = (line: string, keys: TrustedKeys | undefined): AuditHead | string => {
  const value = parse(line);
  const isHead =
    value["kind"] === "audit-head" &&
    value["v"] === 1 &&
    isCount(value["treeSize"]) &&
    hash.test(String(value["rootHash"])) &&
    hash.test(String(value["lastHash"])) &&
    typeof value["keyId"] === "string" &&
    typeof value["signature"] === "string";
  if (!isHead) return "is no head";
  const head = value as unknown as AuditHead;
  return (keys && problemOf(head, keys)) ?? head;
};

export const openRemoval = (line: string, keys: TrustedKeys | undefined): AuditRemoval | string => {
  const value = parse(line);
  const peaks = value["peaks"];
  const isRemoval =
    value["kind"] === "audit-removal" &&
    value["v"] === 1 &&
    isCount(value["segment"]) &&
    isCount(value["through"]) &&
    hash.test(String(value["lastHash"])) &&
    Array.isArray(peaks) &&
    peaks.every((peak) => /^[0-9a-f]{64}$/.test(String(peak))) &&
    typeof value["keyId"] === "string" &&
    typeof value["signature"] === "string";
  if (!isRemoval) return "is no statement of a removal";
  const removal = value as unknown as AuditRemoval;
  return (keys && problemOf(removal, keys)) ?? removal;
};
