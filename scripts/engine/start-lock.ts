import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Log } from "./engine-settings.ts";
import { asRoot, isRoot } from "./privilege.ts";

/**
 * One start or installation at a time on this machine. The kernel's lock, held through flock(1) by a `cat` on our
 * pipe: it is free again the moment this process ends, however it ends, so there is no stale lock to guess about.
 * A second dockerd would be worse than none: it takes the first one's socket away before it notices.
 */
export async function takeStartLock(lockPath: string, log: Log, root = isRoot()): Promise<AsyncDisposable> {
  const [command, ...args] = asRoot(["flock", lockPath, "sh", "-c", "echo locked; exec cat"], root);
  const holder = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"] });
  const exited = once(holder, "exit");
  exited.catch(() => {}); // reported through the race below
  const announce = setTimeout(() => log("another start is at work on the engine; waiting for it"), 300);
  try {
    const outcome = await Promise.race([once(holder.stdout, "data"), exited.then(() => "exited" as const)]);
    if (outcome === "exited") throw new Error(`flock ${lockPath} ended with code ${holder.exitCode}`);
  } catch (cause) {
    throw new Error(`cannot take the lock ${lockPath} (needs flock from util-linux)`, { cause });
  } finally {
    clearTimeout(announce);
  }
  return {
    async [Symbol.asyncDispose]() {
      holder.stdin.end();
      await exited;
    },
  };
}
