/** The readable file that fixes limits, system calls, file system, network and isolation. */
import { z } from "zod";
import { controlSchema } from "./controls.ts";
import { syscallNameSchema, syscallRuleSchema } from "./syscalls.ts";

const MiB = 1024 * 1024;
const LAST_SEED = 2 ** 32 - 1;
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

const path = z.string().regex(/^\/(?!.*(?:^|\/)\.\.?(?:\/|$))[^\0]*$/, "an absolute path without . and ..");

/** What is thrown away after a run, and under which of the engine's runtimes it runs. */
const isolationSchema = z.strictObject({
  tier: z.enum(["container", "cell"]).meta({
    description:
      "container: thrown away after one execution or session; cell: serves many executions of one tenant",
  }),
  runtime: z
    .string()
    .regex(/^[a-z][a-z0-9._-]*$/, "a runtime that the engine has registered")
    .meta({ description: "runc, runsc (gVisor), crun, kata-runtime: as the engine names it" }),
  cells: z.int().min(1).max(100_000).default(100).meta({
    description:
      "Tier cell: executions after which the container is thrown away; it is at the first doubt too",
  }),
});

const syscallsSchema = z.strictObject({
  tier: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/, "a file name in policies/seccomp")
    .meta({ description: "strict, std or compat: policies/seccomp/<tier>.yaml" }),
  add: z
    .array(syscallRuleSchema)
    .default([])
    .meta({ description: "Calls allowed besides the tier's; inherited ones stay" }),
  remove: z
    .array(syscallNameSchema)
    .default([])
    .meta({ description: "Calls that the tier allows and this policy does not; inherited ones stay" }),
});

const landlockSchema = z.strictObject({
  readExecute: z.array(path).meta({ description: "Trees that may be read and executed from" }),
  read: z.array(path).meta({ description: "Trees that may be read" }),
  devices: z.array(path).meta({ description: "Device files that may be read, written and asked (ioctl)" }),
  write: z
    .array(path)
    .meta({ description: "Trees in which everything may be done but to execute and to make devices" }),
  scope: z
    .array(z.enum(["signal", "abstract_unix_socket"]))
    .meta({ description: "What stops at the cell's border, where the kernel has it (Landlock 6)" }),
});

const environmentSchema = z.strictObject({
  allow: z
    .array(z.string().regex(/^[A-Za-z_*?][A-Za-z0-9_*?]*$/, "a name of a variable, with * and ?"))
    .meta({ description: "Names that an action may set; anything else is refused" }),
  set: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "a name of a variable"), z.string().max(4096))
    .default({})
    .meta({ description: "Variables that every run finds; an action can't change them" }),
});

const CLOCKS = "must be real, or an instant such as 2026-01-01T00:00:00Z";

const determinismSchema = z.strictObject({
  seed: z.int().min(0).max(LAST_SEED).nullable().meta({
    description: "For random and numpy.random, where the action names none; null: different each time",
  }),
  hashSeed: z
    .int()
    .min(0)
    .max(LAST_SEED)
    .meta({ description: "PYTHONHASHSEED: the order of sets, the same for every run" }),
  clock: z
    .union([z.literal("real"), z.iso.datetime({ error: CLOCKS })], { error: CLOCKS })
    .meta({ description: "real, or the instant at which Python's time and datetime stand still" }),
});

const upstreamSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes"),
  scheme: z.literal("https").default("https"),
  host: z.hostname(),
  port: z.int().min(1).max(65_535).default(443),
  methods: z.array(z.enum(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"])).min(1),
  paths: z
    .array(z.string().startsWith("/"))
    .min(1)
    .meta({ description: "Paths, with * within and ** over segments" }),
});

const networkSchema = z
  .union([z.literal("none"), z.strictObject({ broker: z.array(upstreamSchema).min(1) })], {
    error: "must be none, or broker with a list of upstreams",
  })
  .meta({ description: "none, or what the credentials broker may reach on the code's behalf" });

const retentionSchema = z.strictObject({
  hours: z
    .number()
    .positive()
    .nullable()
    .meta({ description: "How long executions are kept; null: as long as the service keeps any" }),
});

/** Parts of an execution that a policy may keep out of the store. What is sent back to the caller stays whole. */
export const redactableParts = ["action", "stdout", "stderr", "results", "outputs"] as const;
export type RedactablePart = (typeof redactableParts)[number];

const redactionSchema = z.strictObject({
  drop: z
    .array(z.enum(redactableParts))
    .meta({ description: "Kept as their hashes only, in store and receipt, paths of output files too" }),
});

/** Told together with whatever else is wrong in the file. */
const hasLimits = ({ value }: { value: unknown }): boolean =>
  limitsSchema.safeParse(Object(value).limits).success;

/** A policy without what it inherits: all of its fields, in the order in which a file has them. */
export const policySchema = z
  .strictObject({
    name: z
      .string()
      .regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes")
      .meta({ description: "The file's name without its ending" }),
    description: z.string().min(1).meta({ description: "One line for people" }),
    isolation: isolationSchema,
    images: z
      .array(z.string())
      .min(1)
      .meta({ description: "Images that may run, by name; the first one where an action names none" }),
    limits: limitsSchema,
    syscalls: syscallsSchema,
    landlock: landlockSchema,
    environment: environmentSchema,
    determinism: determinismSchema,
    network: networkSchema,
    grants: z
      .array(z.string().regex(/^[a-z][a-z0-9-]{0,62}$/, "lower-case letters, digits and dashes"))
      .meta({ description: "Credentials that an action may ask the broker for, by name" }),
    require: z
      .array(controlSchema)
      .meta({ description: "Controls that must be in force, or no sandbox is made" }),
    retention: retentionSchema,
    redaction: redactionSchema,
  })
  .refine(({ limits }) => limits.outputFiles + RESERVED_FILES <= limits.openFiles, {
    path: ["limits", "openFiles"],
    error: `must be at least outputFiles + ${RESERVED_FILES}: the launcher opens them all`,
    when: hasLimits,
  })
  .refine(({ limits }) => limits.workspaceMiB + limits.tmpMiB + limits.sharedMemoryMiB <= limits.memoryMiB, {
    path: ["limits", "memoryMiB"],
    error: "must hold workspaceMiB + tmpMiB + sharedMemoryMiB, which are memory too",
    when: hasLimits,
  })
  .refine(({ network, grants }) => network !== "none" || grants.length === 0, {
    path: ["grants"],
    error: "must be empty where network is none: a grant is used through the broker",
    when: ({ value }) => Array.isArray(Object(value).grants),
  });

/**
 * A policy as loaded, with all that it inherits. `digest` is the SHA-256 of its content and of the system
 * calls that follow from it.
 */
export const loadedPolicySchema = z
  .object({
    ...policySchema.shape,
    digest: z.string(),
    calls: z.array(syscallRuleSchema).meta({
      description: "What the tier, with what is added and removed, comes to; anything else is denied",
    }),
  })
  .meta({ id: "Policy" });
export type Policy = z.infer<typeof loadedPolicySchema>;
