/** One run of one action, as it is stored and answered. */
import { z } from "zod";
import { observationSchema } from "./observation.ts";

const timingsSchema = z.object({
  queuedMs: z.number().min(0).meta({ description: "Waiting for admission" }),
  acquireMs: z.number().min(0).meta({ description: "Getting a sandbox from the pool" }),
  runMs: z.number().min(0).meta({ description: "From handing the action over to its end" }),
  totalMs: z.number().min(0),
});
export type Timings = z.infer<typeof timingsSchema>;

export const executionSchema = z
  .object({
    id: z.string().meta({ example: "exe_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
    createdAt: z.iso.datetime(),
    action: z.object({
      sha256: z.string().meta({ description: "Of the source" }),
      image: z.object({ name: z.string(), digest: z.string() }),
      policy: z.object({ name: z.string(), digest: z.string() }),
    }),
    tier: z.enum(["container"]),
    observation: observationSchema,
    timings: timingsSchema,
  })
  .meta({ id: "Execution" });
export type Execution = z.infer<typeof executionSchema>;
