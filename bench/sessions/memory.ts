/** What processes and control groups hold, as the kernel counts it. undefined where this user may not look. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** Proportional set size: pages that n processes share count one nth for each. */
export function proportionalBytes(pids: readonly number[]): number | undefined {
  let sum = 0;
  for (const pid of pids) {
    const [, kibibytes] = /^Pss:\s+(\d+) kB$/m.exec(tryRead(`/proc/${pid}/smaps_rollup`)) ?? [];
    if (kibibytes === undefined) return undefined;
    sum += Number(kibibytes) * 1024;
  }
  return sum;
}

interface Group {
  /** Everything that is charged to it: its processes' own pages, its tmpfs, and kernel memory. */
  bytes: number;
  pids: number[];
}

/** The control group that a process is in, with version 1 and 2. */
export function groupOf(pid: number): Group | undefined {
  const lines = tryRead(`/proc/${pid}/cgroup`).trim().split("\n");
  const [, , path] =
    lines.map((line) => line.split(":")).find(([, names]) => names === "memory" || names === "") ?? [];
  if (path === undefined) return undefined;
  const folder = ["/sys/fs/cgroup/memory", "/sys/fs/cgroup"].map((top) => join(top, path)).find(isGroup);
  if (folder === undefined) return undefined;
  const bytes = tryRead(join(folder, "memory.usage_in_bytes")) || tryRead(join(folder, "memory.current"));
  const pids = tryRead(join(folder, "cgroup.procs")).trim().split("\n").filter(Boolean).map(Number);
  return bytes === "" ? undefined : { bytes: Number(bytes), pids };
}

/** What the whole machine could still give. */
export function availableBytes(): number {
  const [, kibibytes] = /^MemAvailable:\s+(\d+) kB$/m.exec(tryRead("/proc/meminfo")) ?? [];
  return Number(kibibytes) * 1024;
}

const isGroup = (folder: string) =>
  existsSync(join(folder, "memory.usage_in_bytes")) || existsSync(join(folder, "memory.current"));

function tryRead(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return "";
  }
}
