/** May code read, write or execute this? Two things have to agree: the mounts, and Landlock. */
import { posix } from "node:path";
import { anonymousPrograms } from "../anonymous-programs.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import { isBeneath, treeOf, writableMounts } from "../trees.ts";
import { isDescriptor, kernelRefuses, whatIsThere } from "./kernel-files.ts";
import type { Answer, Question, Reason } from "./question.ts";

type PathQuestion = Extract<Question, { about: "read" | "write" | "exec" }>;
type List = "readExecute" | "read" | "devices" | "write";

const lists: Record<PathQuestion["about"], readonly List[]> = {
  read: ["readExecute", "read", "devices", "write"],
  write: ["write", "devices"],
  exec: ["readExecute"],
};

const verbs = { read: "read", write: "written to", exec: "executed" } as const;

const sizes: Record<(typeof writableMounts)[number], "workspaceMiB" | "tmpMiB" | "sharedMemoryMiB"> = {
  "/workspace": "workspaceMiB",
  "/tmp": "tmpMiB",
  "/dev/shm": "sharedMemoryMiB",
};

export const explainPath = (resolved: ResolvedPolicy, { about, path: asked }: PathQuestion): Answer => {
  const path = posix
    .normalize(asked)
    .replace(/^\/+/, "/")
    .replace(/(?<=.)\/$/, "");
  const memory = about === "exec" ? inMemory(resolved) : [];
  if (memory.length > 0 && isDescriptor(path)) {
    return { allowed: true, says: `${path} may be executed, where it is a file in memory`, reasons: memory };
  }
  const landlock = byLandlock(resolved, about, path);
  const mount = byMount(resolved, about, path, landlock.device);
  const hidden = kernelRefuses(path);
  const allowed = landlock.allowed && mount.allowed && hidden === undefined;
  const unknown = allowed ? whatIsThere(path, landlock.device) : undefined;
  const may = `${path} ${allowed ? "may" : "can't"} be ${verbs[about]}`;
  return {
    allowed,
    says: unknown === undefined ? may : `${may} as far as Landlock and mounts go`,
    reasons: [
      ...(allowed || !landlock.allowed ? [landlock.reason] : []),
      ...(allowed || !mount.allowed ? mount.reasons : []),
      ...ofEveryPolicy(hidden),
      ...ofEveryPolicy(about === "exec" && isDescriptor(path) ? DESCRIPTOR : undefined),
      ...ofEveryPolicy(unknown),
      ...(landlock.allowed ? [] : optional(resolved)),
      ...memory,
    ],
  };
};

const DESCRIPTOR = "it is the file that the descriptor is of: ask for that one's path";

const ofEveryPolicy = (says: string | undefined): Reason[] =>
  says === undefined ? [] : [{ field: "", says, place: null }];

/** What no mount and no Landlock refuses, since it is in no folder. */
const inMemory = (resolved: ResolvedPolicy): Reason[] =>
  anonymousPrograms(resolved).map((place) => ({
    field: "syscalls",
    says: "memfd_create is allowed: what code writes to such a file it can execute, as /proc/self/fd/N",
    place,
  }));

const byLandlock = ({ policy, placeOf }: ResolvedPolicy, about: PathQuestion["about"], path: string) => {
  for (const list of lists[about]) {
    const tree = treeOf(policy.landlock[list], path);
    if (tree === undefined) continue;
    const at = ["landlock", list, policy.landlock[list].indexOf(tree)];
    const reason = { field: at.join("."), says: `Landlock allows it beneath ${tree}`, place: placeOf(at) };
    return { allowed: true, device: list === "devices", reason };
  }
  const trees = lists[about].flatMap((list) => policy.landlock[list]);
  const [list = "read"] = lists[about];
  const says = `Landlock allows it beneath ${trees.join(", ") || "nothing"} only`;
  const reason = { field: `landlock.${list}`, says, place: placeOf(["landlock", list]) };
  return { allowed: false, device: false, reason };
};

const byMount = (
  { policy, placeOf }: ResolvedPolicy,
  about: PathQuestion["about"],
  path: string,
  device: boolean,
): { allowed: boolean; reasons: Reason[] } => {
  const mount = writableMounts.find((folder) => isBeneath(path, folder));
  if (about === "read" || device) return { allowed: true, reasons: [] };
  if (mount === undefined) {
    return about === "exec"
      ? { allowed: true, reasons: [] }
      : { allowed: false, reasons: [{ field: "", says: "the root file system is read-only", place: null }] };
  }
  if (about === "exec") {
    return { allowed: false, reasons: [{ field: "", says: `${mount} is mounted noexec`, place: null }] };
  }
  const at = ["limits", sizes[mount]];
  const says = `up to ${policy.limits[sizes[mount]]} MiB in ${mount}, gone with the sandbox`;
  return { allowed: true, reasons: [{ field: at.join("."), says, place: placeOf(at) }] };
};

/** Where Landlock is what refuses, and a kernel without it passes. */
const optional = ({ policy, placeOf }: ResolvedPolicy): Reason[] =>
  policy.require.includes("landlock")
    ? []
    : [
        {
          field: "require",
          says: "landlock is not required: on a kernel without it only mounts and file modes refuse",
          place: placeOf(["require"]),
        },
      ];
