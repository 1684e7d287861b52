import { spawn } from "node:child_process";

const maxTailLines = 20;

/** The end of a longer output: enough to see what went wrong. */
export function lastLines(output: string): string {
  return output.trimEnd().split("\n").slice(-maxTailLines).join("\n");
}

/** Runs a program and returns its stdout. Throws with the last lines of its output when it fails. */
export async function runCommand(command: readonly string[], step: string): Promise<string> {
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "pipe"] });
  let stdout = "";
  let both = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
    both += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    both += text;
  });
  const code = await new Promise<number | string>((resolve) => {
    child.on("error", (error) => resolve(error.message));
    child.on("close", (exitCode, signal) => resolve(exitCode ?? signal ?? "unknown"));
  });
  if (code !== 0) throw new Error(`${step} failed (${program}: ${code})\n${lastLines(both)}`);
  return stdout;
}

/** Whether the program can be started and answers with exit code 0. */
export async function commandWorks(command: readonly string[]): Promise<boolean> {
  try {
    await runCommand(command, "probe");
    return true;
  } catch {
    return false;
  }
}
