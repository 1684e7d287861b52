/** What this host is, and whether that is good enough for hostile code. */
import { z } from "zod";
import { controlSchema } from "./controls.ts";

export const severities = ["info", "warning", "error"] as const;

const findingSchema = z.strictObject({
  id: z.string().meta({ description: "Stable, for example runc-cve-2024-21626" }),
  severity: z.enum(severities),
  message: z.string(),
  /** For example CVE-2024-21626, CIS 1.1.2. */
  references: z.array(z.string()),
  remedy: z.string(),
});
export type PostureFinding = z.infer<typeof findingSchema>;

const checkSchema = z.strictObject({
  name: z.string().meta({ example: "memory" }),
  control: controlSchema.nullable(),
  result: z.enum(["holds", "fails", "unknown", "not_applicable"]).meta({
    description:
      "not_applicable: the policy's system calls or the runtime leave nothing to see it by; evidence says why",
  }),
  evidence: z.string().meta({ description: "What a real sandbox did, in words and figures" }),
});
export type PostureCheck = z.infer<typeof checkSchema>;

export const postureSchema = z
  .strictObject({
    checkedAt: z.iso.datetime(),
    /** What is the least that this service was told to accept, and whether this host is that. */
    minimum: z.enum(["none", "controls", "patched"]),
    acceptable: z.boolean(),
    engine: z.strictObject({
      version: z.string(),
      api: z.string(),
      rootless: z.boolean(),
      liveRestore: z.boolean(),
    }),
    runtimes: z.record(
      z.string(),
      z.strictObject({ version: z.string().nullable(), works: z.boolean().nullable() }),
    ),
    kernel: z.strictObject({ version: z.string(), machine: z.string(), landlock: z.int().nullable() }),
    cgroup: z.strictObject({ version: z.string().meta({ example: "1" }), driver: z.string() }),
    userNamespaces: z.enum(["remapped", "not_remapped", "unknown"]),
    appArmor: z.boolean(),
    seLinux: z.boolean(),
    swapBytes: z.number().nullable(),
    findings: z.array(findingSchema),
    selfTest: z
      .strictObject({
        at: z.iso.datetime(),
        policy: z.string(),
        runtime: z.string(),
        checks: z.array(checkSchema),
      })
      .nullable(),
  })
  .meta({ id: "Posture" });
export type Posture = z.infer<typeof postureSchema>;
