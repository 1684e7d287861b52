/** Checks receipts without the service: only a file and a public key. */
import { z } from "zod";
import { type Receipt, receiptSchema } from "../domain/receipt.ts";
import { canonicalJson } from "./canonical-json.ts";
import { isSigned, keyIdOf } from "./signature.ts";
import type { SigningKeys } from "./signing-keys.ts";
import { hasRepeatedNames } from "./strict-json.ts";

/** A text that is no receipt; the message says why. */
export class NoReceipt extends Error {
  override readonly name = "NoReceipt";
}

/** A receipt with as many files as there can be, each with as long a name, is smaller. */
const MAX_CHARACTERS = 32 * 1024 * 1024;

/** Throws NoReceipt. What it returns is well-formed, and as true as its signature, which is still to be checked. */
export const parseReceipt = (text: string): Receipt => {
  if (text.length > MAX_CHARACTERS) throw new NoReceipt("it is larger than any receipt");
  const value = parseJson(text);
  const result = receiptSchema.safeParse(value);
  if (!result.success) throw new NoReceipt(z.prettifyError(result.error));
  if (hasRepeatedNames(text)) throw new NoReceipt("a name is in one of its objects twice");
  if (!hasCanonicalJson(value)) throw new NoReceipt("it has text in it that is no Unicode");
  // As it was parsed, not as the schema gives it back: nothing may get lost on the way to the signature.
  return value as Receipt;
};

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new NoReceipt("it is no JSON", { cause });
  }
};

const hasCanonicalJson = (value: unknown): boolean => {
  try {
    canonicalJson(value);
    return true;
  } catch {
    return false;
  }
};

export type SignatureCheck = { valid: true } | { valid: false; reason: string };

/** Whether one of the keys made the signature, over every field of the body, while it was in use. */
export const verifyReceipt = (
  { body, signature }: Receipt,
  { keys, retiredAt }: Pick<SigningKeys, "keys"> & Partial<SigningKeys>,
): SignatureCheck => {
  const key = keys.find((one) => keyIdOf(one) === signature.keyId);
  if (!key) {
    const known = keys.map(keyIdOf).join(", ");
    return { valid: false, reason: `it names key ${signature.keyId}; the keys to check with are: ${known}` };
  }
  if (!isSigned(body, signature.value, key)) {
    return { valid: false, reason: "the signature is not that of this body: something in it was changed" };
  }
  const retired = retiredAt?.get(signature.keyId);
  if (retired === undefined || Date.parse(body.finishedAt) <= Date.parse(retired)) return { valid: true };
  return {
    valid: false,
    reason: `it is of ${body.finishedAt}, and key ${signature.keyId} signs nothing since ${retired}`,
  };
};
