import { spawnSync } from "node:child_process";
import { delimiter } from "node:path";

export const sbinFolders = ["/usr/local/sbin", "/usr/sbin", "/sbin"];

export type CommandLine = readonly [command: string, ...args: string[]];

export function isRoot(): boolean {
  return process.getuid?.() === 0;
}

export function canSudo(): boolean {
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0;
}

/** The same command as root: `-n`, so that sudo fails instead of asking for a password nobody is there to type. */
export function asRoot(commandLine: CommandLine, root = isRoot()): CommandLine {
  return root ? commandLine : ["sudo", "-n", ...commandLine];
}

/** Programs of root live in the sbin folders, which `su` and ordinary logins leave out of PATH. */
export function rootEnvironment(): NodeJS.ProcessEnv {
  const { PATH = "" } = process.env;
  return { ...process.env, PATH: [PATH, ...sbinFolders].join(delimiter) };
}

export function formatCommand(commandLine: CommandLine): string {
  return commandLine.join(" ");
}
