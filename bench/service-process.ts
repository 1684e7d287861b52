/** Cloche as a process of its own, as in real use: what it does beside an answer must not slow the client's clock. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ClocheClient } from "./cloche-client.ts";

const main = join(import.meta.dirname, "..", "src", "main.ts");

export interface ServiceProcess extends AsyncDisposable {
  client: ClocheClient;
  pid: number;
}

/** The environment is what the service is to be configured by, besides a free port and a throwaway state folder. */
export async function startServiceProcess(environment: NodeJS.ProcessEnv): Promise<ServiceProcess> {
  await using stack = new AsyncDisposableStack();
  const stateDir = await mkdtemp(join(tmpdir(), "cloche-bench-"));
  stack.defer(() => rm(stateDir, { recursive: true, force: true }));
  const child = spawn(process.execPath, [main], {
    env: { ...environment, CLOCHE_PORT: "0", CLOCHE_LOG_LEVEL: "warn", CLOCHE_STATE_DIR: stateDir },
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(() => stop(child));
  const url = await readUrl(child);
  const key = (await readFile(join(stateDir, "api-key"), "utf8")).trim();
  const client = stack.adopt(new ClocheClient(url, key), (open) => open.close());
  const owned = stack.move();
  return { client, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** The service prints where it listens once it can serve. */
async function readUrl({ stdout }: ChildProcess): Promise<string> {
  let greeting = "";
  for await (const text of stdout?.iterator({ destroyOnReturn: false }) ?? []) {
    greeting += String(text);
    const [url] = /http:\/\/\S+/.exec(greeting) ?? [];
    if (url !== undefined) return url;
  }
  throw new Error(`the service ended before it could serve: ${greeting}`);
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
}
