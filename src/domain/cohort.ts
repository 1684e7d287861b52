/** Sessions of one spec, made all or none: the group that one policy update of a trainer compares. */
import { z } from "zod";
import { newSessionSchema, sessionSchema } from "./session.ts";

export const newCohortSchema = z
  .strictObject({
    size: z.int().min(1).max(256).meta({ description: "How many sessions" }),
    session: newSessionSchema,
    deadlineMs: z
      .int()
      .min(100)
      .max(600_000)
      .default(60_000)
      .meta({ description: "If not all are ready by then, none is kept, ms" }),
  })
  .meta({ id: "NewCohort" });
export type NewCohort = z.infer<typeof newCohortSchema>;

export const cohortSchema = z
  .object({
    id: z.string().meta({ example: "coh_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
    tenant: z.string(),
    createdAt: z.iso.datetime(),
    sessions: z.array(sessionSchema),
  })
  .meta({ id: "Cohort" });
