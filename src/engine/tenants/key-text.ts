/** Keys as callers send them: `clo_<id without its prefix>_<43 characters of 32 random bytes>`. */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { KeyId } from "../../domain/ids.ts";
import { Secret } from "../../domain/secret.ts";

const pattern = /^clo_([0-9a-f]{32})_[\w-]{43}$/;

export const createKeyText = (id: KeyId): Secret =>
  new Secret(`clo_${id.slice("key_".length)}_${randomBytes(32).toString("base64url")}`);

/** The id that a key names; nothing is proven by it. */
export const keyIdOf = (text: string): KeyId | undefined => {
  const [, id] = pattern.exec(text) ?? [];
  return id === undefined ? undefined : `key_${id}`;
};

/** SHA-256 in hex. A key is 32 random bytes, so there is nothing for a slow hash to slow down. */
export const keyHashOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** In constant time, so that no content leaks by timing. */
export const sameHash = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b));
