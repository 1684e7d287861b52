/** Who this service is on this host, and the lock that keeps a second process from being the same. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export interface Instance {
  /** Goes into the label of every container, so that a restart knows its own. */
  readonly id: string;
  release(): void;
}

/**
 * Takes the state folder, which has to be there, for this process. The lock is the kernel's, on a file, and goes with the
 * process however it ends. Throws when another process has it.
 */
export const claimInstance = (stateDir: string): Instance => {
  const lock = new DatabaseSync(join(stateDir, "instance.lock"));
  try {
    lock.exec("PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE;");
  } catch (cause) {
    lock.close();
    throw new Error(`Another Cloche is running with the state folder ${stateDir}`, { cause });
  }
  const file = join(stateDir, "instance-id");
  if (!existsSync(file)) writeFileSync(file, randomBytes(8).toString("hex"), { mode: 0o600 });
  return { id: readFileSync(file, "utf8").trim(), release: () => lock.close() };
};
