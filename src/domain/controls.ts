/** What keeps a sandbox closed. Each has one name, in policies, receipts, proofs and the log. */
import { z } from "zod";

/** Seen from inside the sandbox, or, for those of the cell, from inside the confined child. */
export const controls = {
  seccomp: "The engine's system call filter, around everything in the sandbox",
  syscall_tier: "The policy's own system call filter, put on each cell last of all",
  landlock: "The kernel's file rules, put on each cell",
  landlock_scope: "Signals and abstract sockets stop at the cell's border",
  not_dumpable: "Processes of the same user can't look into launcher and cell",
  no_new_privileges: "No program can gain rights by being executed",
  no_capabilities: "No capability, in no set",
  non_root: "A user other than root, of this sandbox alone",
  read_only_root: "The image can't be written to",
  no_network: "No interface but loopback",
  memory: "The memory limit of the policy",
  no_swap: "No swap beyond the memory limit",
  processes: "The limit of processes and threads of the policy",
  cpus: "Pinned to the number of cores of the policy",
  file_limits: "Open files, size of a file, no core dumps",
} as const;

export type Control = keyof typeof controls;
export const controlNames = Object.keys(controls) as [Control, ...Control[]];
/** A control that a policy may require: in force, or the sandbox is refused. */
export const controlSchema = z.enum(controlNames);
