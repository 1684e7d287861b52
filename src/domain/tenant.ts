/** Who pays and owns, what they may do and how much of it. */
import { z } from "zod";

export const tenantName = z
  .string()
  .regex(/^[a-z0-9][a-z0-9._-]{0,62}$/, "must be lower-case letters, digits, dots, dashes and underscores");

/**
 * `submitter` runs code and reads what it ran; `auditor` reads its tenant's receipts, proofs and audit log, and the
 * policies, and nothing of what was run; `admin` may do all. src/engine/tenants/roles.ts has the table.
 */
const roles = ["submitter", "auditor", "admin"] as const;
export type Role = (typeof roles)[number];
const roleSchema = z.enum(roles);

const perDay = z.int().min(0).nullable();

/** What one tenant may use. null: no bound of its own. */
export const tenantLimitsSchema = z
  .strictObject({
    sandboxes: z
      .int()
      .min(0)
      .max(100_000)
      .meta({ description: "Sandboxes at the same time: sessions, and executions of their own" }),
    queued: z.int().min(0).max(100_000).meta({ description: "Executions that wait" }),
    requestsPerMinute: z
      .int()
      .min(1)
      .max(1_000_000)
      .meta({ description: "Requests that change something; bursts up to the same number" }),
    cpuSecondsPerDay: perDay.meta({
      description: "CPU time of all sandboxes in a day (UTC); null: no bound",
    }),
    bytesPerDay: perDay.meta({
      description: "Bytes of output, and of files into and out of sessions, in a day (UTC); null: no bound",
    }),
  })
  .meta({ id: "TenantLimits" });
export type TenantLimits = z.infer<typeof tenantLimitsSchema>;

/** Whoever a request comes from. */
export interface Caller {
  tenant: string;
  role: Role;
  /** The key's id, for logs; `local` where no key is asked for. */
  keyId: string;
}

export const keySchema = z
  .object({
    id: z.string().meta({ example: "key_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
    name: z.string(),
    tenant: z.string(),
    role: roleSchema,
    createdAt: z.iso.datetime(),
    revokedAt: z.iso.datetime().nullable(),
  })
  .meta({ id: "Key" });
export type Key = z.infer<typeof keySchema>;

export const newKeySchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(128)
      // It is shown in terminals.
      // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
      .regex(/^[^\u0000-\u001f\u007f-\u009f]*$/, "must have no control characters")
      .refine((value) => value.isWellFormed(), { message: "must not have lone surrogates" })
      .meta({ description: "What it is for, for people" }),
    tenant: tenantName.optional().meta({ description: "Default: the caller's own" }),
    role: roleSchema.default("submitter"),
  })
  .meta({ id: "NewKey" });
export type NewKey = z.infer<typeof newKeySchema>;

/** A key as it is answered once, when it is made. */
export const createdKeySchema = keySchema
  .extend({
    secret: z.string().optional().meta({
      description: "What to send as the bearer token; only in the first answer",
    }),
  })
  .meta({ id: "CreatedKey" });
export type CreatedKey = z.infer<typeof createdKeySchema>;

export const tenantSchema = z
  .object({
    name: z.string(),
    limits: tenantLimitsSchema,
    usage: z
      .object({ cpuSeconds: z.number().min(0), bytes: z.int().min(0) })
      .meta({ description: "What it used today (UTC)" }),
    running: z
      .object({
        sandboxes: z.int().min(0).meta({ description: "That count towards its bound" }),
        queued: z.int().min(0).meta({ description: "Executions that wait" }),
      })
      .meta({ description: "What it has at this moment" }),
  })
  .meta({ id: "Tenant" });
export type Tenant = z.infer<typeof tenantSchema>;
