/** Where the service is and what key it gets. A key is never taken from the command line, where others could read it. */
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { GlobalValues } from "./command.ts";
import type { Host } from "./context.ts";
import { InputError, reasonOf } from "./errors.ts";

export interface Settings {
  url: string;
  key: string | undefined;
}

export const readSettings = (values: GlobalValues, { env, cwd }: Pick<Host, "env" | "cwd">): Settings => {
  const given = values.url ?? env["CLOCHE_URL"] ?? "";
  const name = values.url === undefined ? "CLOCHE_URL" : "--url";
  const url = checkUrl(given === "" ? "http://127.0.0.1:8080" : given, name);
  return { url: url.href.replace(/\/$/, ""), key: readKey(values, env, cwd, url) };
};

/** Where public keys to check receipts with are, if that was set. */
export const signingKeyFile = (env: Host["env"]): string | undefined =>
  env["CLOCHE_SIGNING_KEY_FILE"] || undefined;

const checkUrl = (text: string, name: string): URL => {
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new InputError(`${name} must be a http or https address, not "${text}"`);
  }
  if (url.username || url.password) throw new InputError(`${name} must not have a user name or password`);
  if (url.search || url.hash) throw new InputError(`${name} must not have a query or fragment`);
  return url;
};

const readKey = (values: GlobalValues, env: Host["env"], cwd: string, url: URL): string | undefined => {
  const flag = values["key-file"];
  if (flag !== undefined) return readKeyFile(resolve(cwd, flag), "--key-file");
  if (env["CLOCHE_API_KEY"]) return checkKey(env["CLOCHE_API_KEY"], "CLOCHE_API_KEY");
  if (env["CLOCHE_KEY_FILE"]) return readKeyFile(resolve(cwd, env["CLOCHE_KEY_FILE"]), "CLOCHE_KEY_FILE");
  // The key of the service on this host is for that service only.
  const ofThisFolder = join(cwd, ".cloche", "api-key");
  return isLoopback(url) && existsSync(ofThisFolder) ? readKeyFile(ofThisFolder, "The API key") : undefined;
};

const readKeyFile = (file: string, name: string): string => {
  try {
    return checkKey(readFileSync(file, "utf8"), `${name}: ${file}`);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: ${file}: ${reasonOf(error)}`);
  }
};

/** The message never holds the key. */
const checkKey = (text: string, name: string): string => {
  const key = text.trim();
  if (!/^[\x21-\x7e]+$/.test(key)) throw new InputError(`${name} must hold one API key and nothing else`);
  return key;
};

const isLoopback = ({ hostname }: URL) =>
  hostname === "localhost" || hostname === "[::1]" || /^127(\.\d{1,3}){3}$/.test(hostname);
