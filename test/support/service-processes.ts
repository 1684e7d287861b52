/** The real service as a process of its own, which a test can kill and start again over the same state folder. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { containersOf, docker, withoutSelfTest } from "./service.ts";

const root = join(import.meta.dirname, "../..");

export interface ServiceProcess {
  child: ChildProcess;
  url: string;
  /** What it printed until it was ready. */
  printed: string;
  request(path: string, init?: RequestInit): Promise<Response>;
  /** Sends the signal; resolves to exit code and signal when it has ended. */
  stop(signal: NodeJS.Signals): Promise<unknown[]>;
}

/** Ends what still runs, and removes what a killed one left. */
export class ServiceProcesses implements AsyncDisposable {
  readonly stateDir = mkdtempSync(join(tmpdir(), "cloche-life-"));
  readonly #started: ChildProcess[] = [];

  get instance(): string {
    return readFileSync(join(this.stateDir, "instance-id"), "utf8").trim();
  }

  get key(): string {
    return readFileSync(join(this.stateDir, "api-key"), "utf8").trim();
  }

  /** Resolves when it has printed where it listens. */
  async start(env: Record<string, string> = {}): Promise<ServiceProcess> {
    const child = spawn(process.execPath, ["src/main.ts"], {
      cwd: root,
      env: {
        ...process.env,
        ...withoutSelfTest,
        CLOCHE_STATE_DIR: this.stateDir,
        CLOCHE_PORT: "0",
        CLOCHE_LOG_LEVEL: "error",
        ...env,
      },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.#started.push(child);
    let printed = "";
    for await (const chunk of child.stdout) {
      printed += chunk;
      if (printed.includes("Ctrl-C ends it.")) break;
    }
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(printed)?.[0] ?? "";
    const authorization = { authorization: `Bearer ${this.key}`, "content-type": "application/json" };
    return {
      child,
      url,
      printed,
      request: (path, init = {}) =>
        fetch(url + path, { ...init, headers: { ...authorization, ...init.headers } }),
      stop: async (signal) => {
        child.kill(signal);
        return await once(child, "exit");
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#started.splice(0)) {
      if (child.exitCode === null && child.signalCode === null) {
        child.kill("SIGKILL");
        await once(child, "exit");
      }
    }
    if (existsSync(join(this.stateDir, "instance-id"))) {
      const left = await containersOf(this.instance);
      await Promise.all(left.map((id) => docker().getContainer(id).remove({ force: true })));
    }
    rmSync(this.stateDir, { recursive: true });
  }
}
