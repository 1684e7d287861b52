import { spawn } from "node:child_process";
import type { Log } from "./engine-settings.ts";
import { asRoot, type CommandLine, formatCommand, rootEnvironment } from "./privilege.ts";

const heartbeatMs = 5000;

export type StepResult = { ok: true; seconds: number } | { ok: false; seconds: number; output: string };

/** Runs one command as root with a sign of life every few seconds; its output is kept back for the case of failure. */
export async function runStep(commandLine: CommandLine, log: Log): Promise<StepResult> {
  const startedAt = Date.now();
  const seconds = () => Math.round((Date.now() - startedAt) / 1000);
  const [command, ...args] = asRoot(commandLine);
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], env: rootEnvironment() });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      output += chunk;
    });
  }
  const heartbeat = setInterval(() => log(`still at it (${seconds()} s): ${lastLine(output)}`), heartbeatMs);
  try {
    const code = await new Promise<number | string | null>((resolve) => {
      child.on("error", (error) => resolve(error.message));
      child.on("close", (exitCode, signal) => resolve(exitCode ?? signal));
    });
    if (code === 0) return { ok: true, seconds: seconds() };
    return {
      ok: false,
      seconds: seconds(),
      output: `${formatCommand([command, ...args])} failed (${code}):\n${output}`,
    };
  } finally {
    clearInterval(heartbeat);
  }
}

function lastLine(output: string): string {
  const lines = output.split(/[\r\n]+/).filter((line) => line.trim() !== "");
  return lines.at(-1) ?? "no output yet";
}
