import { join, resolve } from "node:path";

/** The top of the checkout. */
export const repositoryRoot = join(import.meta.dirname, "..");

/** Where Cloche keeps what must survive a restart: API key, store, and the engine's pid file. */
export function stateDir(): string {
  const { CLOCHE_STATE_DIR } = process.env;
  return resolve(CLOCHE_STATE_DIR || join(repositoryRoot, ".cloche"));
}
