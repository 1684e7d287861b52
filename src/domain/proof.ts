/** The battery of attempts against a policy on this host, and what became of each. */
import { z } from "zod";
import { controlSchema } from "./controls.ts";
import { limitsSchema, policySchema } from "./policy.ts";

/** What an attempt gets, or gets into. */
export const attemptClasses = ["system_calls", "files", "resources", "python", "network", "service"] as const;

/** The head of each file in battery/, as YAML between two lines of `# ---`. The program follows. */
export const attemptHeadSchema = z.strictObject({
  id: z.int().min(1),
  name: z.string().regex(/^[a-z0-9]+(-[a-z0-9]+)*$/),
  title: z.string().meta({ description: "What the attempt tries, as a sentence that begins with a verb" }),
  class: z.enum(attemptClasses),
  techniques: z
    .array(z.string().regex(/^T\d{4}(\.\d{3})?$/))
    .min(1)
    .meta({ description: "MITRE ATT&CK ids" }),
  defences: z
    .array(z.union([controlSchema, z.string()]))
    .min(1)
    .meta({ description: "What stops it" }),
  /**
   * `reached`: the program says in its last line whether it got what it wanted. `outcome`: it is stopped, and the
   * run's outcome must be one of these.
   */
  containedBy: z.array(z.string()).optional(),
  /** How many runs it takes, one after the other; the program gets the step's number, from 1, as argv[1]. */
  steps: z.int().min(1).max(4).default(1),
  /** `next`: each step in what follows the one before (next sandbox, or next cell); `beside`: all at once in sandboxes of their own. */
  order: z.enum(["next", "beside"]).default("next"),
  wallMs: z.int().min(100).max(60_000).default(5_000),
  /** The same program where it must succeed: with these controls left out, or these limits raised, or outside of any policy's reach. */
  control: z.strictObject({
    without: z.array(controlSchema).default([]),
    limits: limitsSchema.partial().default({}),
    /** Given to the program as argv[2] instead of `attempt`: it then does what shows that it works. */
    mode: z.literal("control").default("control"),
  }),
  /** Tiers or runtimes where it can't be tried, with the reason. */
  notFor: z.record(z.string(), z.string()).default({}),
  image: z.string().optional(),
});
export type AttemptHead = z.infer<typeof attemptHeadSchema>;

/** An attempt as a list of what there is to try has it. */
export const attemptInfoSchema = attemptHeadSchema
  .pick({ id: true, name: true, title: true, class: true, techniques: true, defences: true })
  .meta({ id: "Attempt" });
export type AttemptInfo = z.infer<typeof attemptInfoSchema>;

export const verdicts = ["blocked", "contained", "escaped", "inconclusive"] as const;
export type Verdict = (typeof verdicts)[number];

const MAX_SAW = 2_000;

/** The last line that an attempt's program prints. What it saw is data of a stranger, bounded like any. */
export const statementSchema = z.strictObject({
  reached: z.boolean().meta({ description: "It got what it wanted" }),
  saw: z.string().transform((text) => text.slice(0, MAX_SAW)),
});
export type Statement = z.infer<typeof statementSchema>;

const attemptResultSchema = z.strictObject({
  id: z.int(),
  name: z.string(),
  title: z.string(),
  class: z.enum(attemptClasses),
  techniques: z.array(z.string()),
  defences: z.array(z.string()),
  verdict: z.enum(verdicts),
  evidence: z.string().meta({ description: "What the program saw, in its words" }),
  control: z.strictObject({ succeeded: z.boolean().nullable(), evidence: z.string() }),
  cleanRun: z.strictObject({ ok: z.boolean(), evidence: z.string() }),
  canary: z.strictObject({ ok: z.boolean(), evidence: z.string() }),
  denied: z.array(z.string()).meta({ description: "System calls that were reported as denied" }),
  ms: z.number(),
});
export type AttemptResult = z.infer<typeof attemptResultSchema>;

export const newProofSchema = z
  .strictObject({
    policy: policySchema.shape.name.default("default"),
    runtime: policySchema.shape.isolation.shape.runtime.optional(),
    tier: policySchema.shape.isolation.shape.tier.optional(),
    attempts: z.array(z.int().min(1)).min(1).max(1_000).optional().meta({ description: "Ids; default: all" }),
  })
  .meta({ id: "NewProof" });
export type NewProof = z.infer<typeof newProofSchema>;

export const proofSchema = z
  .strictObject({
    id: z.string(),
    createdAt: z.iso.datetime(),
    status: z.enum(["running", "finished", "failed"]),
    policy: z.strictObject({ name: z.string(), digest: z.string() }),
    image: z.strictObject({ name: z.string(), digest: z.string() }),
    runtime: z.string(),
    tier: z.enum(["container", "cell"]),
    host: z.strictObject({ kernel: z.string(), engine: z.string(), runtime: z.string() }),
    controls: z.record(controlSchema, z.boolean()),
    summary: z.record(z.enum(verdicts), z.int()),
    total: z.int().meta({ description: "Attempts that it runs, without those that are skipped" }),
    underWay: z.array(z.string()).meta({ description: "Titles of the attempts that run now" }),
    /** Of attempts that this tier or runtime has no meaning for. */
    skipped: z.array(z.strictObject({ id: z.int(), name: z.string(), reason: z.string() })),
    attempts: z.array(attemptResultSchema),
    error: z.string().nullable(),
    ms: z.number(),
  })
  .meta({ id: "Proof" });
export type Proof = z.infer<typeof proofSchema>;

/** A proof as a list has it. */
export const proofHeadSchema = proofSchema.omit({ attempts: true, skipped: true }).meta({ id: "ProofHead" });
export type ProofHead = z.infer<typeof proofHeadSchema>;
