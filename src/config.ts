/** The service's settings, and the only reader of its environment. Reports every problem at once. */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";

const folderOf = (name: string) => join(import.meta.dirname, "..", name);
const cores = availableParallelism();
const MiB = 1024 * 1024;

const count = (min: number, max: number) => {
  const message = `must be a whole number from ${min} to ${max}`;
  return z.coerce
    .number({ error: message })
    .int({ error: message })
    .min(min, { error: message })
    .max(max, { error: message });
};

/** One key for each setting; docs/configuration.md is made from this schema. */
export const configSchema = z.object({
  CLOCHE_HOST: z.string().default("127.0.0.1").meta({ description: "Address to listen on" }),
  CLOCHE_PORT: count(0, 65_535).default(8080).meta({ description: "Port to listen on; 0 takes a free one" }),
  CLOCHE_AUTH: z
    .enum(["on", "off"])
    .default("on")
    .meta({ description: "Whether requests need an API key; off is possible on loopback only" }),
  CLOCHE_API_KEY_FILE: z.string().optional().meta({
    description: "File with the API key; default: api-key in the state folder, made on first start",
  }),
  CLOCHE_STATE_DIR: z
    .string()
    .default(folderOf(".cloche"))
    .meta({ description: "Folder for the store, the API key and the instance's identity" }),
  CLOCHE_POLICIES_DIR: z
    .string()
    .default(folderOf("policies"))
    .meta({ description: "Folder with the policies" }),
  DOCKER_HOST: z
    .string()
    .optional()
    .meta({ description: "The engine, for example unix:///var/run/docker.sock (the default)" }),
  CLOCHE_POSTURE_MINIMUM: z.enum(["none", "controls", "patched"]).default("controls").meta({
    description:
      "Least that this host must be to run code: anything; the default policy's controls seen to hold; and no version with a known hole, or that nobody can tell",
  }),
  CLOCHE_SELF_TEST: z.enum(["on", "off"]).default("on").meta({
    description:
      "Whether sandboxes are made at start to see what the host enforces; off needs CLOCHE_POSTURE_MINIMUM=none",
  }),
  CLOCHE_LOG_LEVEL: z
    .enum(["trace", "debug", "info", "warn", "error", "fatal", "silent"])
    .default("info")
    .meta({ description: "Least level that is logged" }),
  CLOCHE_POOL_TARGET: count(0, 1000)
    .default(4)
    .meta({ description: "Warm sandboxes to keep for each image and policy in use" }),
  CLOCHE_POOL_MAX_WARM: count(0, 10_000)
    .default(16)
    .meta({ description: "Warm sandboxes of all pools together; idle pools give theirs back first" }),
  CLOCHE_POOL_IDLE_MS: count(1_000, 86_400_000)
    .default(300_000)
    .meta({ description: "A pool that nobody used for this long gives its sandboxes back, ms" }),
  CLOCHE_POOL_CREATES: count(1, 256)
    .default(Math.max(2, cores))
    .meta({ description: "Containers created at the same time; default: one for each core, at least 2" }),
  CLOCHE_MAX_RUNNING: count(1, 10_000)
    .default(Math.max(8, cores * 4))
    .meta({ description: "Executions at the same time; default: four for each core, at least 8" }),
  CLOCHE_MAX_QUEUED: count(0, 100_000)
    .default(512)
    .meta({ description: "Executions that wait; above it requests get 503 with Retry-After" }),
  CLOCHE_TENANT_SANDBOXES: count(0, 100_000).default(256).meta({
    description: "Sandboxes of one tenant at the same time, where it has no limits of its own",
  }),
  CLOCHE_TENANT_QUEUED: count(0, 100_000).default(256).meta({
    description: "Executions of one tenant that wait; below CLOCHE_MAX_QUEUED leaves room for others",
  }),
  CLOCHE_TENANT_REQUESTS_PER_MINUTE: count(1, 1_000_000)
    .default(60_000)
    .meta({ description: "Requests of one tenant that change something; above it they get 429" }),
  CLOCHE_TENANT_CPU_SECONDS_PER_DAY: count(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: "CPU time of one tenant in a day (UTC), seconds; default: no bound" }),
  CLOCHE_TENANT_BYTES_PER_DAY: count(0, Number.MAX_SAFE_INTEGER)
    .optional()
    .meta({ description: "Bytes of output and files of one tenant in a day (UTC); default: no bound" }),
  CLOCHE_ORPHAN_MS: count(5_000, 3_600_000).default(120_000).meta({
    description: "A sandbox that hears nothing of its service for this long ends by itself, ms",
  }),
  CLOCHE_MAX_BODY_BYTES: count(1024, 1024 * MiB)
    .default(48 * MiB)
    .meta({ description: "Largest request body but for files of a session, bytes" }),
  CLOCHE_MAX_BODIES_BYTES: count(MiB, 1024 * 1024 * MiB)
    .default(512 * MiB)
    .meta({ description: "Request bodies that are held at the same time, bytes; above it requests get 503" }),
  CLOCHE_MAX_TRANSFER_BYTES: count(1024, 1024 * 1024 * MiB)
    .default(256 * MiB)
    .meta({ description: "Largest file or archive into or out of a session, bytes" }),
  CLOCHE_MAX_TRANSFER_ENTRIES: count(1, 1_000_000)
    .default(10_000)
    .meta({ description: "Files and folders in one archive" }),
  CLOCHE_TRANSFER_MS: count(1_000, 3_600_000)
    .default(300_000)
    .meta({ description: "How long one request may take to arrive, and one file or archive to be sent, ms" }),
  CLOCHE_DRAIN_MS: count(0, 3_600_000)
    .default(60_000)
    .meta({ description: "How long SIGTERM waits for accepted executions, ms" }),
  CLOCHE_RETENTION_HOURS: count(1, 87_600)
    .default(168)
    .meta({ description: "How long executions and ended sessions are kept, hours" }),
  CLOCHE_RETENTION_BYTES: count(MiB, Number.MAX_SAFE_INTEGER)
    .default(2048 * MiB)
    .meta({ description: "How much of them is kept, bytes; the oldest go first" }),
  CLOCHE_STORE_SYNC: z
    .enum(["normal", "full"])
    .default("normal")
    .meta({ description: "normal survives a killed process, full also a power cut, at a disk sync each" }),
  CLOCHE_AUDIT_SYNC: z.enum(["normal", "full"]).default("normal").meta({
    description: "Of the audit log. normal: synced to the disk each second; full: before each answer",
  }),
  CLOCHE_AUDIT_SEGMENT_BYTES: count(64 * 1024, Number.MAX_SAFE_INTEGER)
    .default(64 * MiB)
    .meta({ description: "A file of the audit log is closed, and the next begun, at this size, bytes" }),
  CLOCHE_AUDIT_RETENTION_DAYS: count(1, 36_500).optional().meta({
    description: "Files of the audit log whose last record is older are removed, days; default: none is",
  }),
});

export type Config = z.infer<typeof configSchema>;

/** Reads the environment, with what the command line said on top. Throws as `parseConfig` does. */
export const loadConfig = (overrides: NodeJS.ProcessEnv): Config =>
  parseConfig({ ...process.env, ...overrides });

/** Settings of the command-line program, which may share an environment with the service. */
const clientSettings = ["CLOCHE_URL", "CLOCHE_API_KEY", "CLOCHE_KEY_FILE", "CLOCHE_SIGNING_KEY_FILE"];

/** Throws an Error that names every wrong key and what was expected. */
export const parseConfig = (env: NodeJS.ProcessEnv): Config => {
  const unknown = Object.keys(env).filter(
    (key) => key.startsWith("CLOCHE_") && !(key in configSchema.shape) && !clientSettings.includes(key),
  );
  // An empty variable is one that is not set, as in compose files.
  const result = configSchema.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value)));
  const problems = [
    ...unknown.map((key) => `${key}: there is no such setting`),
    ...(result.error?.issues ?? []).map(({ path, message }) => `${path.join(".")}: ${message}`),
  ];
  if (!result.success || problems.length > 0) throw new Error(`Configuration: ${problems.join("; ")}`);
  if (result.data.CLOCHE_AUTH === "off" && !isLoopback(result.data.CLOCHE_HOST)) {
    throw new Error("Configuration: CLOCHE_AUTH: off is possible only where CLOCHE_HOST is loopback");
  }
  if (result.data.CLOCHE_SELF_TEST === "off" && result.data.CLOCHE_POSTURE_MINIMUM !== "none") {
    throw new Error(
      "Configuration: CLOCHE_SELF_TEST: off is possible only where CLOCHE_POSTURE_MINIMUM is none",
    );
  }
  return result.data;
};

const isLoopback = (host: string) =>
  host === "localhost" || host === "::1" || /^127(\.\d{1,3}){3}$/.test(host);
