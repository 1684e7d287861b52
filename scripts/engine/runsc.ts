import { spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { lastLines } from "../images/run-command.ts";
import type { Log } from "./engine-settings.ts";

/** The module whose newest release builds with the Go tool alone. */
const gvisor = "gvisor.dev/gvisor/runsc";
const version = "v0.0.0-20260224225140-573d5e7127a8";
const heartbeatMs = 10_000;

/** As the engine names it; policies name it in isolation.runtime. */
export const runscName = "runsc";

/**
 * systrap needs no virtualisation; the engine's system call filter counts inside too; no network but the sandbox's own
 * loopback.
 */
const runscFlags = ["--platform=systrap", "--oci-seccomp", "--network=none"] as const;

export type RunscFiles = { folder: string; runsc: string; wrapper: string };

export function runscFiles(stateDir: string): RunscFiles {
  const folder = join(stateDir, "gvisor", version);
  return { folder, runsc: join(folder, "runsc"), wrapper: join(folder, "runsc-for-sandboxes") };
}

/** Builds gVisor's runsc once, and what the engine starts it by. Throws where there is no Go to build it with. */
export async function ensureRunsc(stateDir: string, log: Log): Promise<RunscFiles> {
  const files = runscFiles(stateDir);
  if (existsSync(files.runsc)) log(`runsc is there: ${files.runsc}`);
  else await build(files, log);
  // An engine's command line can name a program for a runtime, and no flags of it.
  const script = `#!/bin/sh\nexec '${files.runsc}' ${runscFlags.join(" ")} "$@"\n`;
  writeFileSync(files.wrapper, script, { mode: 0o755 });
  chmodSync(files.wrapper, 0o755);
  return files;
}

async function build({ folder, runsc }: RunscFiles, log: Log): Promise<void> {
  const go = findGo();
  if (go === undefined) {
    throw new Error(
      "runsc is built with the Go toolchain, and there is none: not in PATH and not in /usr/local/go. " +
        "Install Go (https://go.dev/dl), or take a built runsc (https://gvisor.dev/docs/user_guide/install/) and " +
        "register it with the engine by hand; docs/posture.md says how.",
    );
  }
  const target = join(folder, "build");
  mkdirSync(target, { recursive: true, mode: 0o755 });
  log(`building runsc with ${go}; about five minutes on two cores, once`);
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const heartbeat = setInterval(() => log(`still at it (${seconds()} s)`), heartbeatMs);
  try {
    await goInstall(go, target);
  } finally {
    clearInterval(heartbeat);
  }
  // In one step: what is there is whole.
  renameSync(join(target, "runsc"), runsc);
  log(`built runsc in ${seconds()} s: ${runsc}`);
}

async function goInstall(go: string, target: string): Promise<void> {
  const child = spawn(go, ["install", `${gvisor}@${version}`], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, CGO_ENABLED: "0", GOBIN: target },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output += text;
    });
  }
  const code = await new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (exitCode, signal) => resolve(exitCode ?? signal ?? "unknown"));
  });
  if (code !== 0) throw new Error(`go install ${gvisor}@${version} failed (${code})\n${lastLines(output)}`);
}

function findGo(): string | undefined {
  const { PATH = "" } = process.env;
  const folders = [...PATH.split(delimiter), "/usr/local/go/bin", "/usr/lib/go/bin"];
  return folders.map((folder) => join(folder, "go")).find((file) => existsSync(file));
}

/** For daemon.json of an engine that is somebody else's. */
export function daemonJsonFor({ runsc }: RunscFiles): string {
  return JSON.stringify(
    { runtimes: { [runscName]: { path: runsc, runtimeArgs: runscFlags } } },
    undefined,
    2,
  );
}
