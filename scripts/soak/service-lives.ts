/** The service under the soak: one state folder and one port over several processes. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Readable } from "node:stream";
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
    const inspect = "--inspect=127.0.0.1:0";
    const child = spawn(process.execPath, [inspect, join(repositoryRoot, "src", "main.ts")], {
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
    const inspector = readLine(child.stderr, /ws:\/\/\S+/);
    this.#url = await readLine(child.stdout, /http:\/\/\S+/);
    if (this.#url === undefined)
      throw new Error(`the service ended before it could serve (its log: ${this.logFile})`);
    child.stdout.resume();
    this.watches.push(await ProcessWatch.begin(child.pid ?? 0, (await inspector) ?? ""));
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

/** The first match in what a stream brings, which goes on for whoever else reads it. */
function readLine(stream: Readable, pattern: RegExp): Promise<string | undefined> {
  let seen = "";
  return new Promise((resolve) => {
    const look = (text: Buffer) => {
      seen += text;
      const [match] = pattern.exec(seen) ?? [];
      if (match === undefined) return;
      stream.off("data", look);
      resolve(match);
    };
    stream.on("data", look).once("end", () => resolve(undefined));
  });
}
