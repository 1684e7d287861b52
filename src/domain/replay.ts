/** The same action run once more under the same image, policy and seed, and what came out otherwise. */
import { z } from "zod";

const differenceSchema = z.object({
  field: z.string().meta({ example: "stdout" }),
  original: z
    .string()
    .nullable()
    .meta({ description: "The value, or its SHA-256 where it is long; null: none" }),
  replayed: z.string().nullable(),
});
export type Difference = z.infer<typeof differenceSchema>;

export const replaySchema = z
  .object({
    original: z.string().meta({ description: "Id of the execution" }),
    replayed: z.string().meta({ description: "Id of the one that was run to compare with it" }),
    same: z.boolean(),
    differences: z.array(differenceSchema),
  })
  .meta({ id: "Replay" });
export type Replay = z.infer<typeof replaySchema>;
