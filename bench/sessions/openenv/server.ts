/** OpenEnv's server as a process of its own, on a free port. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { installPythonPackages, pythonEnvironment } from "../../../scripts/python-packages.ts";

const startWithinMs = 120_000;

export interface OpenEnvServer extends AsyncDisposable {
  port: number;
  pid: number;
}

export async function startOpenEnv(environment: NodeJS.ProcessEnv): Promise<OpenEnvServer> {
  const packages = await installPythonPackages({
    name: "openenv",
    requirements: join(import.meta.dirname, "requirements.txt"),
    // Over a hundred packages that only a bench uses: pip resolves them.
    locked: false,
    log: console.log,
    allowInstall: true,
  });
  const port = await freePort();
  const child = spawn("python3", [join(import.meta.dirname, "coding_server.py"), String(port)], {
    // Hubs are asked nothing; the environment needs none of them.
    env: {
      ...environment,
      ...pythonEnvironment(packages),
      HF_HUB_OFFLINE: "1",
      GRADIO_ANALYTICS_ENABLED: "0",
    },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    complaint = (complaint + text).slice(-2_000);
  });
  await untilHealthy(child, port, () => complaint);
  return { port, pid: child.pid ?? 0, [Symbol.asyncDispose]: () => stop(child) };
}

async function untilHealthy(child: ChildProcess, port: number, complaint: () => string): Promise<void> {
  const deadline = performance.now() + startWithinMs;
  for (;;) {
    const answer = await fetch(`http://127.0.0.1:${port}/health`).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    if (child.exitCode !== null) throw new Error(`OpenEnv's server ended: ${complaint()}`);
    if (performance.now() > deadline) throw new Error(`OpenEnv's server does not answer: ${complaint()}`);
    await sleep(100);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string") throw new Error("no free port");
  return address.port;
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGKILL");
  await ended;
}
