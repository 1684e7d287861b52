/** Ed25519 signatures over canonical JSON, and the names of keys. */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import { sha256 } from "./hash.ts";

const KEY_ID_DIGITS = 16;
const SIGNATURE_BYTES = 64;

/** SHA-256 of the public key (SPKI DER), first 16 hex digits. */
export const keyIdOf = (publicKey: KeyObject): string => {
  const der = publicKey.export({ type: "spki", format: "der" });
  return sha256(der).slice("sha256:".length, "sha256:".length + KEY_ID_DIGITS);
};

const PEM = /-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g;

/** All keys of a text, one PEM after the other. Throws a TypeError when there is none, or one is no Ed25519 key. */
export const parsePublicKeys = (pem: string): KeyObject[] => {
  const keys = (pem.match(PEM) ?? []).map((one) => createPublicKey(one));
  if (keys.length === 0) throw new TypeError("there is no public key (PEM) in it");
  const other = keys.find(({ asymmetricKeyType }) => asymmetricKeyType !== "ed25519");
  if (other) throw new TypeError(`it holds a key of type ${other.asymmetricKeyType}, not ed25519`);
  return keys;
};

/** `value` is base64 in its one right form: another spelling of the same bytes is no signature. */
export const isSigned = (body: unknown, value: string, publicKey: KeyObject): boolean => {
  const signature = Buffer.from(value, "base64");
  if (signature.length !== SIGNATURE_BYTES || signature.toString("base64") !== value) return false;
  return verify(null, Buffer.from(canonicalJson(body)), publicKey, signature);
};
