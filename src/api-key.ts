/** The service's API key: made on first start, readable by its user only, never logged. */
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { Secret } from "./domain/secret.ts";

/** Reads the key from the file, or makes both. Throws when others may read the file, or it holds no key. */
export const loadApiKey = (file: string): { key: Secret; created: boolean } => {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
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
