/** What the self-test asks of sandboxes, and what came of it, before anybody judges it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Limits, Policy } from "../../domain/policy.ts";
import type { RunReport, SandboxFacts } from "../ports/runtime.ts";

const payload = (name: string) => readFileSync(join(import.meta.dirname, "payloads", `${name}.py`));

export interface Probe {
  code: Buffer;
  args: string[];
  limits: Limits;
}

/** The memory that a policy's own first image needs before any code has run fits into this, too. */
const MEMORY_MIB = 512;

/**
 * The policy with bounds that are met quickly, nothing else changed: what is proven is that each bites, and at
 * creation each sandbox shows that it has the policy's own.
 */
export const toQuickPolicy = (policy: Policy): Policy => {
  const { limits } = policy;
  return {
    ...policy,
    limits: {
      ...limits,
      memoryMiB: Math.min(limits.memoryMiB, MEMORY_MIB),
      processes: Math.min(limits.processes, 32),
      openFiles: Math.min(limits.openFiles, 1024),
      fileSizeMiB: Math.min(limits.fileSizeMiB, 4),
      workspaceMiB: Math.min(limits.workspaceMiB, 8),
      tmpMiB: Math.min(limits.tmpMiB, 8),
      sharedMemoryMiB: Math.min(limits.sharedMemoryMiB, 8),
      inodes: Math.min(limits.inodes, 512),
      outputBytes: Math.min(limits.outputBytes, 1 << 20),
    },
  };
};

const WALL_MS = 300;
const QUICK_WALL_MS = 15_000;

/** One sandbox for each. */
export const probes = ({ limits }: Policy) => {
  const quick = { ...limits, wallMs: QUICK_WALL_MS };
  const probe = (name: string, change: Partial<Limits>, ...args: string[]): Probe => ({
    code: payload(name),
    args,
    limits: { ...quick, ...change },
  });
  return {
    bounds: probe("bounds", {}, JSON.stringify(limits)),
    memory: probe("memory", {}, String(limits.memoryMiB)),
    output: probe("output", {}),
    wall: probe("wall", { wallMs: WALL_MS }),
  };
};
type ProbeName = keyof ReturnType<typeof probes>;

/** What one probe came to; `error` where its sandbox could not be made or broke. */
export type Probed = { facts: SandboxFacts | undefined; report: RunReport } | { error: string };
export type AllProbed = Record<ProbeName, Probed>;

const refusal = z.string().nullable();
const count = z.object({ made: z.number(), refused: refusal });
const folders = <T extends z.ZodType>(schema: T) => z.record(z.string(), schema);
const failed = z.object({ error: z.string() });
const orFailed = <T extends z.ZodType>(schema: T) => z.union([failed, schema]);

/** What payloads/bounds.py prints. */
const boundsSchema = z.object({
  cores: orFailed(z.object({ affinity: z.number(), count: z.number().nullable() })),
  spin: orFailed(z.object({ workers: z.number(), cpuSeconds: z.number(), wallSeconds: z.number() })),
  openFiles: orFailed(count),
  fileSize: orFailed(z.object({ below: refusal, above: refusal })),
  fill: orFailed(folders(z.object({ bytes: z.number(), refused: refusal }))),
  inodes: orFailed(folders(count)),
  network: orFailed(
    z.object({
      interfaces: z.array(z.string()),
      socket: refusal,
      outside: refusal,
      metadata: refusal,
      loopback: refusal,
    }),
  ),
  rights: orFailed(
    z.object({
      rootFile: refusal,
      ownFile: refusal,
      setuid: refusal,
      launcher: refusal,
      ownEnviron: refusal,
      unshare: refusal,
      afAlg: refusal,
      unix: refusal,
    }),
  ),
  host: orFailed(z.object({ swapBytes: z.number().nullable(), cgroup: z.string().nullable() })),
  processes: orFailed(count),
});
export type Bounds = z.infer<typeof boundsSchema>;

/** The last line that bounds.py printed; undefined where it is none of its. */
export const parseBounds = (probed: Probed): Bounds | undefined => {
  if ("error" in probed) return undefined;
  try {
    return boundsSchema.safeParse(JSON.parse(probed.report.stdout.toString().trim().split("\n").at(-1) ?? ""))
      .data;
  } catch {
    return undefined;
  }
};
