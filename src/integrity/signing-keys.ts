/** The keys that a receipt may be signed with, and until when each signed, where that is told. */
import type { KeyObject } from "node:crypto";
import { z } from "zod";
import { signingKeySchema } from "../domain/signing-key.ts";
import { keyIdOf, parsePublicKeys } from "./signature.ts";

export interface SigningKeys {
  keys: KeyObject[];
  /** By key id. What is not here signs still, or nobody said. */
  retiredAt: ReadonlyMap<string, string>;
}

const itemsSchema = z.array(z.object(signingKeySchema.pick({ publicKey: true, retiredAt: true }).shape));
const listSchema = z.union([itemsSchema, z.object({ items: itemsSchema }).transform(({ items }) => items)]);

/** Of PEM, one key after the other, or of the list that the service keeps and answers. Throws a TypeError. */
export const parseSigningKeys = (text: string): SigningKeys => {
  if (!/^\s*[[{]/.test(text)) return { keys: parsePublicKeys(text), retiredAt: new Map() };
  const items = parseList(text).map(({ publicKey, retiredAt }) => ({
    keys: parsePublicKeys(publicKey),
    retiredAt,
  }));
  return {
    keys: items.flatMap(({ keys }) => keys),
    retiredAt: new Map(
      items.flatMap(({ keys, retiredAt }) =>
        retiredAt === null ? [] : keys.map((key) => [keyIdOf(key), retiredAt] as const),
      ),
    ),
  };
};

const parseList = (text: string): z.infer<typeof itemsSchema> => {
  try {
    return listSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new TypeError("there is no public key (PEM) in it, and it is no list of signing keys", { cause });
  }
};
