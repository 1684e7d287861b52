/** What neither Landlock nor a mount says of a path: what the engine masks, and what the kernel keeps to itself. */
import { maskedPaths } from "../../domain/masked-paths.ts";
import { isBeneath, treeOf, writableMounts } from "../trees.ts";

const ofProcess = /^\/proc\/(\d+)(?:\/task\/\d+)?(?:\/([a-z_]+))?(?:\/|$)/;

/** What a process shows of itself only to who may trace it. */
const forTracers = new Set([
  "auxv",
  "cwd",
  "environ",
  "exe",
  "fd",
  "fdinfo",
  "io",
  "map_files",
  "maps",
  "mem",
  "ns",
  "numa_maps",
  "pagemap",
  "personality",
  "root",
  "smaps",
  "smaps_rollup",
  "stack",
  "syscall",
  "timerslack_ns",
]);

/** A descriptor of the code's own, by its path. */
export const isDescriptor = (path: string): boolean =>
  /^(?:\/proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/fd|\/dev\/fd)\/\d+$/.test(path);

/** Why nobody gets to what is there; undefined where nothing of this kind refuses. */
export const kernelRefuses = (path: string): string | undefined => {
  const masked = treeOf(maskedPaths, path);
  if (masked !== undefined) return `${masked} is masked in every sandbox: it is empty, or there is nothing`;
  const [, pid, part = ""] = ofProcess.exec(path) ?? [];
  return pid === "1" && forTracers.has(part)
    ? "process 1 is the launcher, which is hidden: it shows this to no other process (EACCES)"
    : undefined;
};

/** What can't be known from here; undefined of what code makes itself, and of devices. */
export const whatIsThere = (path: string, device: boolean): string | undefined => {
  if (device || writableMounts.some((mount) => isBeneath(path, mount))) return;
  if (ofProcess.test(path)) {
    return "hidden processes refuse: those of the launcher and of other cells; code sees into its own only";
  }
  return isBeneath(path, "/proc") || isBeneath(path, "/sys")
    ? "Landlock and mounts allow it; whether the file is there and its mode are the kernel's"
    : "Landlock and mounts allow it; whether the file is there and its mode are the image's";
};
