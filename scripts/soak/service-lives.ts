/** The service under the soak: one state folder and one port over several processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { repositoryRoot } from "../state-dir.ts";
import { ProcessWatch } from "./process-watch.ts";

export class ServiceLives implements AsyncDisposable {
  readonly #environment: NodeJS.ProcessEnv;
  readonly #stateDir: string;
  #child: ChildProcess | undefined;
  #url: string | undefined;
  /** One for each process, in order. */
  readonly watches: ProcessWatch[] = [];

  constructor(environment: NodeJS.ProcessEnv, stateDir: string) {
    this.#environment = environment;
    this.#stateDir = stateDir;
  }

  get url(): string {
    if (this.#url === undefined) throw new Error("the service was not started");
    return this.#url;
  }

  get logFile(): string {
    return join(this.#stateDir, "service.log");
  }

  /** In the labels of its containers. */
  async instance(): Promise<string> {
    return (await readFile(join(this.#stateDir, "instance-id"), "utf8")).trim();
  }

  async key(): Promise<string> {
    return (await readFile(join(this.#stateDir, "api-key"), "utf8")).trim();
  }

  /** Resolves when it can serve; on the port of the process before, if there was one. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [join(repositoryRoot, "src", "main.ts")], {
      env: {
        ...this.#environment,
        CLOCHE_PORT: this.#url === undefined ? "0" : new URL(this.#url).port,
        CLOCHE_STATE_DIR: this.#stateDir,
        CLOCHE_LOG_LEVEL: "warn",
      },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    child.stderr.pipe(createWriteStream(this.logFile, { flags: "a" }), { end: false });
    this.#url = await readUrl(child, this.logFile);
    if (child.pid !== undefined) this.watches.push(new ProcessWatch(child.pid));
  }

  /** As the kernel would for memory, or an operator in anger. */
  async kill(): Promise<void> {
    await this.#end("SIGKILL");
  }

  /** Resolves with its exit code; null when it had to be killed. */
  async stop(): Promise<number | null> {
    return await this.#end("SIGTERM");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#end("SIGTERM");
  }

  async #end(signal: NodeJS.Signals): Promise<number | null> {
    const child = this.#child;
    this.#child = undefined;
    this.watches.at(-1)?.stop();
    if (!child || child.exitCode !== null || child.signalCode !== null) return child?.exitCode ?? null;
    const ended = once(child, "exit");
    child.kill(signal);
    const [code] = (await ended) as [number | null];
    return code;
  }
}

/** The service prints where it listens once it can serve. */
async function readUrl({ stdout }: ChildProcess, logFile: string): Promise<string> {
  let greeting = "";
  for await (const text of stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    greeting += String(text);
    const [url] = /http:\/\/\S+/.exec(greeting) ?? [];
    if (url === undefined) continue;
    stdout?.resume();
    return url;
  }
  throw new Error(`the service ended before it could serve: ${greeting} (its log: ${logFile})`);
}
