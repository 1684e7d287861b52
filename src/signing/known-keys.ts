/** The public halves of all keys that ever signed here: what they signed can still be checked when they are gone. */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { z } from "zod";
import { type SigningKey, signingKeySchema } from "../domain/signing-key.ts";
import type { Signer } from "../engine/ports/signer.ts";

const fileSchema = z.array(signingKeySchema);

/** Returns all of them, the one that signs now first. One that is new retires the others. */
export const rememberKey = (
  file: string,
  { keyId, publicKey }: Pick<Signer, "keyId" | "publicKey">,
  at: string,
): SigningKey[] => {
  const known = readKeys(file);
  const current = known.find((key) => key.keyId === keyId);
  if (current?.retiredAt === null) return [current, ...known.filter((key) => key !== current)];
  const others = known
    .filter((key) => key !== current)
    .map((key) => ({ ...key, retiredAt: key.retiredAt ?? at }));
  // One that comes back signed before, too.
  const createdAt = current?.createdAt ?? at;
  const keys = [{ keyId, algorithm: "Ed25519" as const, publicKey, createdAt, retiredAt: null }, ...others];
  const beside = `${file}.new`;
  writeFileSync(beside, `${JSON.stringify(keys, null, 2)}\n`, { mode: 0o600 });
  renameSync(beside, file);
  return keys;
};

const readKeys = (file: string): SigningKey[] => {
  if (!existsSync(file)) return [];
  try {
    return fileSchema.parse(JSON.parse(readFileSync(file, "utf8")));
  } catch (cause) {
    throw new Error(`${file} is not the list of signing keys that Cloche wrote`, { cause });
  }
};
