/** Which keys are trusted to have signed an audit log. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { parsePublicKeys } from "../../integrity/signature.ts";
import { InputError, reasonOf } from "../errors.ts";

/** Where they are: whoever writes the one beside the log says which keys are trusted. */
export const keysFile = (folder: string, file: string | undefined): string =>
  file ?? join(dirname(folder), "signing-keys.json");

/** PEMs of the keys that are trusted: those of the file, or those that the service keeps beside its log. */
export const keysFor = (folder: string, file: string | undefined): string[] => {
  const path = keysFile(folder, file);
  try {
    const text = readFileSync(path, "utf8");
    const pems = text.trimStart().startsWith("-") ? [text] : pemsOf(JSON.parse(text));
    for (const pem of pems) parsePublicKeys(pem);
    return pems;
  } catch (error) {
    const hint = file === undefined ? "; name the public key with --key" : "";
    throw new InputError(`${path}: ${reasonOf(error)}${hint}`);
  }
};

/** The service's list of keys, as it is kept or as it is answered. */
const pemsOf = (value: unknown): string[] => {
  const items: unknown = Array.isArray(value) ? value : Object(value).items;
  if (!Array.isArray(items)) throw new InputError("it is neither PEM nor a list of signing keys");
  return items.map(({ publicKey }) => String(publicKey));
};
