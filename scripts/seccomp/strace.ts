/** strace of the host's package manager, attached from outside to everything that runs in a container. */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Log } from "../engine/engine-settings.ts";
import { asRoot, canSudo, isRoot, rootEnvironment } from "../engine/privilege.ts";
import { runStep } from "../engine/run-step.ts";
import { commandWorks, runCommand } from "../images/run-command.ts";
import { type Calls, hasClosedDoor, readThread } from "./strace-output.ts";

/** Installs it where it is missing. Throws with what to do where that is not possible. */
export const ensureStrace = async (log: Log, allowInstall: boolean): Promise<void> => {
  if (!isRoot() && !canSudo())
    throw new Error("to trace a container this has to be root, or sudo without a password");
  if (await commandWorks(["strace", "-V"])) return;
  if (!allowInstall)
    throw new Error("strace is missing, and --no-install forbids installing it: apt-get install strace");
  log("strace is missing; installing the distribution's (--no-install refuses this)");
  const quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"] as const;
  await runStep([...quiet, "update"], log);
  const installed = await runStep([...quiet, "install", "-y", "--no-install-recommends", "strace"], log);
  if (!installed.ok)
    throw new Error(`strace could not be installed; install it by hand.\n${installed.output}`);
};

/** What one strace sees, from its start to the end of the last process that it follows. */
export class Trace {
  readonly #folder = mkdtempSync(join(tmpdir(), "cloche-trace-"));
  readonly #launcher: number;
  readonly #pids: readonly number[];
  readonly #process: number | undefined;
  readonly #ended: Promise<void>;
  #said = "";

  private constructor(launcher: number, pids: readonly number[]) {
    this.#launcher = launcher;
    this.#pids = pids;
    const attach = pids.flatMap((pid) => ["-p", String(pid)]);
    // raw: numbers for arguments, as a filter sees them. A file for each thread: lines are never in pieces.
    const [command, ...args] = asRoot([
      "strace",
      "-ff",
      "-e",
      "raw=all",
      "-o",
      join(this.#folder, "thread"),
      ...attach,
    ]);
    const child = spawn(command, args, { stdio: ["ignore", "ignore", "pipe"], env: rootEnvironment() });
    this.#process = child.pid;
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said += text;
    });
    this.#ended = new Promise((resolve) => {
      child.on("error", (error) => {
        this.#said += error.message;
        resolve();
      });
      child.on("close", () => resolve());
    });
  }

  /** Resolves when all of `pids`, the first of them the launcher's, are followed. */
  static async attach(pids: readonly number[]): Promise<Trace> {
    const [launcher] = pids;
    if (launcher === undefined) throw new Error("the container has no process");
    const trace = new Trace(launcher, pids);
    let over = false;
    void trace.#ended.then(() => {
      over = true;
    });
    while (!pids.every((pid) => trace.#said.includes(`Process ${pid} attached`))) {
      if (over) throw new Error(`strace ended: ${trace.#said}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return trace;
  }

  /**
   * Whether each of these processes is a cell, and not one that the launcher is still making. Processes that
   * were there when the trace began are.
   */
  isSettled(pids: readonly number[]): boolean {
    return pids.every((pid) => {
      const file = this.#fileOf(pid);
      return this.#pids.includes(pid) || (existsSync(file) && hasClosedDoor(readFileSync(file, "utf8")));
    });
  }

  /** Lets go of all processes; returns all calls but the launcher's own. */
  async end(): Promise<Calls> {
    await runCommand(asRoot(["kill", "-INT", String(this.#process)]), "ending strace");
    await this.#ended;
    const calls: Calls = new Map();
    for (const file of readdirSync(this.#folder)) {
      if (join(this.#folder, file) === this.#fileOf(this.#launcher)) continue;
      readThread(readFileSync(join(this.#folder, file), "utf8"), calls);
    }
    rmSync(this.#folder, { recursive: true });
    if (calls.size === 0) throw new Error(`strace saw no calls: ${this.#said}`);
    return calls;
  }

  #fileOf(pid: number): string {
    return join(this.#folder, `thread.${pid}`);
  }
}
