/** What can be asked of a policy. */
import { z } from "zod";
import { syscallNameSchema } from "../../domain/syscalls.ts";

const path = z
  .string()
  .max(4096)
  .regex(/^\/[^\0]*$/, "must be an absolute path")
  .meta({ description: "Absolute; links are not followed", example: "/tmp/x" });

export const questionSchema = z
  .discriminatedUnion("about", [
    z.strictObject({
      about: z.literal("syscall"),
      name: syscallNameSchema,
      args: z
        .array(z.strictObject({ index: z.int().min(0).max(5), value: z.int().min(0) }))
        .max(6)
        .default([])
        .meta({ description: "What is known of its arguments" }),
    }),
    z.strictObject({ about: z.enum(["read", "write", "exec"]), path }),
    z.strictObject({
      about: z.literal("env"),
      name: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,127}$/, "must be the name of a variable"),
    }),
    z.strictObject({
      about: z.literal("connect"),
      host: z.string().min(1).max(253),
      port: z.int().min(1).max(65_535),
    }),
    z.strictObject({ about: z.literal("image"), name: z.string().min(1).max(128) }),
    z.strictObject({
      about: z.literal("limit"),
      name: z.string().min(1).max(64),
      value: z.int().min(0).optional().meta({ description: "What an action would ask for" }),
    }),
    z.strictObject({ about: z.literal("grant"), name: z.string().min(1).max(64) }),
  ])
  .meta({ id: "PolicyQuestion" });
export type Question = z.infer<typeof questionSchema>;

const placeSchema = z.object({ file: z.string(), line: z.int() });

export const answerSchema = z
  .object({
    allowed: z.boolean(),
    says: z.string().meta({ description: "The answer in a sentence" }),
    reasons: z.array(
      z.object({
        field: z.string().meta({ example: "landlock.write.0" }),
        says: z.string(),
        place: placeSchema
          .nullable()
          .meta({ description: "The line that says so; null: it holds for every policy" }),
      }),
    ),
  })
  .meta({ id: "PolicyAnswer" });
export type Answer = z.infer<typeof answerSchema>;
export type Reason = Answer["reasons"][number];
