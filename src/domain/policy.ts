/** The readable file that fixes limits, system calls, file system, network and isolation. */
import { z } from "zod";

const MiB = 1024 * 1024;
/** What a launcher has open besides a run's output files, at most. */
const RESERVED_FILES = 96;

/** Upper bounds of one execution. Names carry the unit. */
export const limitsSchema = z.strictObject({
  wallMs: z.int().min(10).max(3_600_000).meta({ description: "Wall time, ms" }),
  cpuMs: z.int().min(10).max(3_600_000).meta({ description: "CPU time of all processes together, ms" }),
  cpus: z.int().min(1).max(256).meta({ description: "Cores the sandbox is pinned to" }),
  memoryMiB: z.int().min(64).max(1_048_576).meta({ description: "Memory with tmpfs and launcher, MiB" }),
  processes: z.int().min(8).max(32_768).meta({ description: "Processes and threads, launcher included" }),
  openFiles: z.int().min(128).max(1_048_576).meta({ description: "Open descriptors of one process" }),
  fileSizeMiB: z.int().min(1).max(1_048_576).meta({ description: "Size of one file, MiB" }),
  workspaceMiB: z.int().min(1).max(1_048_576).meta({ description: "Size of /workspace, MiB" }),
  tmpMiB: z.int().min(1).max(1_048_576).meta({ description: "Size of /tmp, MiB" }),
  sharedMemoryMiB: z.int().min(1).max(1_048_576).meta({ description: "Size of /dev/shm, MiB" }),
  inodes: z.int().min(64).max(10_000_000).meta({ description: "Files and folders in each tmpfs" }),
  outputBytes: z
    .int()
    .min(0)
    .max(64 * MiB)
    .meta({ description: "stdout and stderr together, bytes" }),
  outputFiles: z.int().min(0).max(512).meta({ description: "Files that come back" }),
  outputFilesBytes: z
    .int()
    .min(0)
    .max(64 * MiB)
    .meta({ description: "Bytes of files that come back" }),
  resultBytes: z
    .int()
    .min(0)
    .max(64 * MiB)
    .meta({ description: "Values that cells show, bytes" }),
});
export type Limits = z.infer<typeof limitsSchema>;

/** Limits that a caller may lower for one execution; the others are the policy's alone. */
export const requestLimitsSchema = limitsSchema
  .pick({
    wallMs: true,
    cpuMs: true,
    memoryMiB: true,
    processes: true,
    outputBytes: true,
    outputFiles: true,
    outputFilesBytes: true,
    resultBytes: true,
  })
  .partial();
export type RequestLimits = z.infer<typeof requestLimitsSchema>;

/** A control that a policy may require: in force as seen from inside the sandbox, or the sandbox is refused. */
export const controlSchema = z.enum([
  "seccomp",
  "no_new_privileges",
  "no_capabilities",
  "non_root",
  "read_only_root",
  "no_network",
  "memory",
  "no_swap",
  "processes",
  "cpus",
  "landlock",
]);
export type Control = z.infer<typeof controlSchema>;

export const policySchema = z
  .strictObject({
    name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes"),
    description: z.string().min(1),
    isolation: z.strictObject({
      tier: z.enum(["container"]),
      runtime: z.string().regex(/^[a-z][a-z0-9._-]*$/, "a runtime that the engine has registered"),
    }),
    images: z.array(z.string()).min(1),
    limits: limitsSchema,
    syscalls: z.string().regex(/^[a-z][a-z0-9-]*$/, "a file name in policies/seccomp"),
    network: z.enum(["none"]),
    require: z.array(controlSchema),
  })
  .superRefine(({ limits }, context) => {
    if (limits.outputFiles + RESERVED_FILES > limits.openFiles) {
      context.addIssue({
        code: "custom",
        path: ["limits", "openFiles"],
        message: `must be at least outputFiles + ${RESERVED_FILES}: the launcher opens them all`,
      });
    }
    if (limits.workspaceMiB + limits.tmpMiB + limits.sharedMemoryMiB > limits.memoryMiB) {
      context.addIssue({
        code: "custom",
        path: ["limits", "memoryMiB"],
        message: "must hold workspaceMiB + tmpMiB + sharedMemoryMiB, which are memory too",
      });
    }
  });

/** A policy as loaded: `digest` is the SHA-256 of its content and of its system call list. */
export const loadedPolicySchema = z
  .object({ ...policySchema.shape, digest: z.string() })
  .meta({ id: "Policy" });
export type Policy = z.infer<typeof loadedPolicySchema>;
