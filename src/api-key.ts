/** The service's API key: made on first start, readable by its user only, never logged. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { Secret } from "./domain/secret.ts";

/**
 * Reads the key from the file, or, where it may, makes both. Throws when there is no file, others
 * may read it, or it holds no key.
 */
export const loadApiKey = (file: string, mayMake: boolean): { key: Secret; created: boolean } => {
  if (!mayMake && !existsSync(file)) throw new Error(`CLOCHE_API_KEY_FILE: there is no ${file}`);
  try {
    const key = `clo_${randomBytes(32).toString("base64url")}`;
    writeFileSync(file, `${key}\n`, { mode: 0o600, flag: "wx" });
    return { key: new Secret(key), created: true };
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new Error(`Others can read the API key in ${file}; run: chmod 600 ${file}`);
  }
  const key = readFileSync(file, "utf8").trim();
  if (!/^\S{16,}$/.test(key)) throw new Error(`${file} must hold one API key of at least 16 characters`);
  return { key: new Secret(key), created: false };
};
