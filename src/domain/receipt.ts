/** The signed record of one execution: what ran, under what, and what came of it. */
import { z } from "zod";
import { controlSchema } from "./controls.ts";
import { outcomeSchema } from "./outcome.ts";
import { deniedCallsSchema } from "./syscalls.ts";

const sha256 = z.string().regex(/^sha256:[0-9a-f]{64}$/);

const namedFileSchema = z.strictObject({ path: z.string(), bytes: z.int(), sha256 });
const receiptFileSchema = z.union([
  namedFileSchema,
  namedFileSchema.omit({ path: true }).extend({
    pathSha256: sha256.meta({
      description: "Of the path in UTF-8, which the policy keeps out of the receipt",
    }),
  }),
]);
export type ReceiptFile = z.infer<typeof receiptFileSchema>;

/** What is signed: its canonical JSON (RFC 8785). All hashes are SHA-256. */
const receiptBodySchema = z
  .strictObject({
    version: z.literal(1),
    execution: z.string(),
    tenant: z.string(),
    session: z.strictObject({ id: z.string(), sequence: z.int(), interpreter: z.int() }).nullable(),
    startedAt: z.iso.datetime().meta({
      description: "When the code was handed to the sandbox; after a restart, when the service took it over",
    }),
    finishedAt: z.iso.datetime().meta({ description: "When the service knew how it ended" }),
    action: z.strictObject({
      kind: z.enum(["script", "cell", "command"]),
      code: sha256.meta({ description: "Of the source, or of argv as JSON" }),
      inputs: sha256.meta({
        description:
          "Of the canonical JSON of stdin, args, env, files (SHA-256 by path), outputs and seed, as they were asked for",
      }),
    }),
    image: z.strictObject({ name: z.string(), digest: z.string() }),
    policy: z.strictObject({ name: z.string(), digest: sha256 }),
    isolation: z.strictObject({
      tier: z.enum(["container", "cell"]),
      runtime: z.string(),
      controls: z
        .partialRecord(controlSchema, z.boolean())
        .meta({ description: "Seen when the sandbox was made; empty where nothing ran, or nobody saw them" }),
      host: z.strictObject({
        kernel: z.string(),
        engine: z.string(),
        runtime: z.string().meta({ description: "Name and version of the OCI runtime" }),
      }),
      sandbox: z.string().meta({ description: "Empty where nothing ran" }),
    }),
    limits: z.record(z.string(), z.number()),
    outcome: outcomeSchema,
    exitCode: z.int().nullable(),
    evidence: sha256.meta({ description: "Of the canonical JSON of the observation's evidence" }),
    usage: z.record(z.string(), z.number().nullable()),
    outputs: z.strictObject({
      stdout: sha256,
      stderr: sha256,
      results: sha256.meta({ description: "Of the canonical JSON of the observation's results" }),
      files: z.array(receiptFileSchema).meta({
        description: "Files that came back; by pathSha256 where the policy drops outputs",
      }),
      skipped: sha256.meta({ description: "Of the canonical JSON of the files that did not come back" }),
      truncated: z.strictObject({ stdout: z.boolean(), stderr: z.boolean() }),
    }),
    denied: z.strictObject({
      reportedBy: deniedCallsSchema.shape.reportedBy,
      total: z.int(),
      digest: sha256.meta({ description: "Of the canonical JSON of the observation's denied calls" }),
    }),
  })
  .meta({ id: "ReceiptBody" });
export type ReceiptBody = z.infer<typeof receiptBodySchema>;

export const receiptSchema = z
  .strictObject({
    body: receiptBodySchema,
    signature: z.strictObject({
      algorithm: z.literal("Ed25519"),
      keyId: z.string().meta({ description: "SHA-256 of the public key (SPKI DER), first 16 hex digits" }),
      value: z.string().meta({ description: "base64" }),
    }),
  })
  .meta({ id: "Receipt" });
export type Receipt = z.infer<typeof receiptSchema>;
