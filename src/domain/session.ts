/** An ordered run of executions that share interpreter state and files, in one sandbox. */
import { z } from "zod";
import { envSchema, filesSchema, namesForm, seedSchema } from "./action.ts";
import { terminationSchema } from "./termination.ts";

/** It goes to the launcher in one frame, with the service's own beside it. */
const MAX_ENV_BYTES = 48 * 1024;
const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

const ttlMs = z
  .int()
  .min(1000)
  .max(7 * DAY_MS);
const idleMs = z.int().min(1000).max(DAY_MS);

/** How many names these may have; checked before the schema walks them. */
export const maxMetadata = 32;

const METADATA_NAME = /^[A-Za-z0-9_.-]{1,64}$/;
const metadataNames = namesForm({ pattern: METADATA_NAME.source }, maxMetadata);

/** Small notes of the caller's: what the session is for. */
const metadataSchema = z
  .record(z.string().regex(METADATA_NAME, "must be 1 to 64 letters, digits, . _ or -"), z.string().max(512))
  .refine((value) => Object.keys(value).length <= maxMetadata, {
    message: `must have at most ${maxMetadata} names`,
  })
  .meta(metadataNames);

export const newSessionSchema = z
  .strictObject({
    image: z.string().max(128).optional().meta({ description: "Default: the policy's first image" }),
    policy: z.string().max(128).default("default"),
    ttlMs: ttlMs.default(60 * MINUTE_MS).meta({ description: "It ends this long after it was made, ms" }),
    idleMs: idleMs
      .default(15 * MINUTE_MS)
      .meta({ description: "It ends when nobody used it for this long, ms" }),
    env: envSchema.refine((env) => Buffer.byteLength(JSON.stringify(env)) <= MAX_ENV_BYTES, {
      message: "must be at most 48 KiB together",
    }),
    files: filesSchema,
    seed: seedSchema,
    metadata: metadataSchema.default({}),
  })
  .meta({ id: "NewSession" });
export type NewSession = z.infer<typeof newSessionSchema>;
export type NewSessionInput = z.input<typeof newSessionSchema>;

/** What of a session can be changed while it lives. */
export const sessionChangeSchema = z
  .strictObject({
    ttlMs: ttlMs.optional().meta({ description: "Counted from now, ms" }),
    idleMs: idleMs.optional(),
    metadata: metadataSchema.optional(),
  })
  .meta({ id: "SessionChange" });
export type SessionChange = z.infer<typeof sessionChangeSchema>;

/**
 * `idle` <-> `busy`; `resetting` while a reset takes place; `reattaching` while the link to its
 * sandbox is being made anew; `ended` is final and has a termination.
 */
export const sessionStates = ["idle", "busy", "resetting", "reattaching", "ended"] as const;

export const sessionSchema = z
  .object({
    id: z.string().meta({ example: "ses_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
    createdAt: z.iso.datetime(),
    tenant: z.string(),
    state: z.enum(sessionStates),
    image: z.object({ name: z.string(), digest: z.string() }),
    policy: z.object({ name: z.string(), digest: z.string() }),
    sandboxId: z.string().meta({ description: "Changes with a reset" }),
    ttlMs: z.int(),
    idleMs: z.int(),
    expiresAt: z.iso.datetime(),
    lastUsedAt: z.iso.datetime(),
    seed: z.int().nullable(),
    metadata: z.record(z.string(), z.string()),
    cohortId: z.string().nullable(),
    sequence: z.int().meta({ description: "Executions so far; a reset sets it to 0" }),
    interpreter: z.int().meta({
      description: "Which interpreter its state is in, from 1; a higher number means that state was lost",
    }),
    resets: z.int(),
    queued: z.int().meta({ description: "Executions that wait for their turn" }),
    termination: terminationSchema.nullable(),
  })
  .meta({ id: "Session" });
export type Session = z.infer<typeof sessionSchema>;

/** What a new beginning brings along: nothing of the old sandbox is kept. */
export const sessionResetSchema = z
  .strictObject({ seed: seedSchema, files: filesSchema })
  .meta({ id: "SessionReset" });
