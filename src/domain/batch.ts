/** Many actions in one request, answered one by one as they end. */
import { z } from "zod";
import { actionSchema } from "./action.ts";
import { faultSchema } from "./errors.ts";
import { executionSchema } from "./execution.ts";

export const batchSchema = z
  .strictObject({
    items: z
      .array(
        z.strictObject({
          id: z
            .string()
            .regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, . _ or -")
            .meta({
              description: "The caller's own; the same id and action lead to the same execution, once",
            }),
          action: actionSchema,
        }),
      )
      .min(1)
      .max(1000)
      .refine((items) => new Set(items.map(({ id }) => id)).size === items.length, {
        message: "must have ids that differ",
      }),
  })
  .meta({ id: "Batch" });
export type Batch = z.infer<typeof batchSchema>;
export type BatchItem = Batch["items"][number];

/** One line of the answer. */
export const batchLineSchema = z
  .union([
    z.object({ id: z.string(), execution: executionSchema }),
    z.object({ id: z.string(), error: faultSchema }),
    z.object({ done: z.int(), failed: z.int() }),
  ])
  .meta({ id: "BatchLine" });
