/** What this process can see of its host in /proc and /sys: who runs, what is mounted, which sockets are open. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

export interface HostProcess {
  pid: number;
  uid: number;
  command: string;
}

const read = (file: string): string => {
  try {
    return readFileSync(file, "utf8");
  } catch {
    // It ended, or isn't ours to read.
    return "";
  }
};

export const hostProcesses = (proc = "/proc"): HostProcess[] =>
  readdirSync(proc)
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      const [, uid] = /^Uid:\s+(\d+)/m.exec(read(join(proc, name, "status"))) ?? [];
      const command = read(join(proc, name, "cmdline")).replaceAll("\0", " ");
      return uid === undefined ? [] : [{ pid: Number(name), uid: Number(uid), command }];
    });

export const mountTable = (): string => read("/proc/self/mountinfo");
export const unixSockets = (): string => read("/proc/net/unix");

/** Whether a process is in a container, and in another one than this. */
export const isInAnother = (pid: number, containerId: string): boolean => {
  const [found] = /[0-9a-f]{64}/.exec(read(`/proc/${pid}/cgroup`)) ?? [];
  return found !== undefined && found !== containerId;
};

/** The folders of a process's cgroups: one in version 2, one for each controller in version 1. */
export const cgroupFolders = (pid: number): string[] =>
  read(`/proc/${pid}/cgroup`)
    .split("\n")
    .flatMap((line) => {
      const [, controllers = "", path] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
      if (path === undefined || path === "/") return [];
      const mount = controllers === "" ? ["", "unified"] : [controllers.replace(/^name=/, "")];
      return mount.map((name) => join("/sys/fs/cgroup", name, path));
    })
    .filter((folder) => existsSync(folder));
