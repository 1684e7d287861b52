import { readFileSync } from "node:fs";
import { basename } from "node:path";

/** The argument vector of a live process; undefined if there is none. A zombie has an empty one. */
export type ReadCommandLine = (pid: number) => string[] | undefined;

export const readCommandLineFromProc: ReadCommandLine = (pid) => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
  } catch {
    return undefined;
  }
};

/** The pid in the file; undefined where the file is absent or holds no pid. */
export function readPidFile(path: string): number | undefined {
  try {
    const text = readFileSync(path, "utf8").trim();
    return /^[1-9]\d*$/.test(text) ? Number(text) : undefined;
  } catch {
    return undefined;
  }
}

/** True if the pid is a live process of that program, whoever started it. */
export function isProgram(pid: number, name: string, readCommandLine: ReadCommandLine): boolean {
  const [program] = readCommandLine(pid) ?? [];
  return program !== undefined && basename(program) === name;
}

/**
 * True only for the dockerd that was started with exactly this pid file. Pids are reused: a stale file may name any
 * process, even somebody else's dockerd, and that one must not be killed.
 */
export function isOwnDockerd(pid: number, pidFile: string, readCommandLine: ReadCommandLine): boolean {
  const args = readCommandLine(pid) ?? [];
  const carriesPidFile = args.some(
    (arg, index) => arg === `--pidfile=${pidFile}` || (arg === "--pidfile" && args[index + 1] === pidFile),
  );
  return carriesPidFile && isProgram(pid, "dockerd", readCommandLine);
}
