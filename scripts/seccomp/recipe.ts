/** policies/seccomp/tiers.yaml: how a tier follows from what was traced. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { syscallRuleSchema } from "../../src/domain/syscalls.ts";
import { parts } from "./corpus.ts";
import { seccompFolder } from "./paths.ts";

const names = z.array(z.string()).min(1);
const ruleSchema = syscallRuleSchema.required({ comment: true });

const tierRecipeSchema = z.strictObject({
  description: z.string(),
  /** A tier all of whose calls this one has too. */
  contains: z.string().optional(),
  traced: z.array(z.enum(parts)).default([]),
  /** A file beside this one with a list of names to start from. */
  base: z.string().optional(),
  add: z.array(z.strictObject({ reason: z.string(), names })).default([]),
  exclude: z.array(z.strictObject({ reason: z.string(), names })).default([]),
  refuse: z.array(ruleSchema.required({ errno: true })).default([]),
});
export type TierRecipe = z.infer<typeof tierRecipeSchema>;

const recipeSchema = z.strictObject({
  timing: names,
  refused: z.array(ruleSchema.required({ errno: true })),
  unless: z.array(ruleSchema.required({ args: true, errno: true })),
  arguments: z.array(ruleSchema.required({ args: true })),
  tiers: z.record(z.string(), tierRecipeSchema),
  groups: z.array(z.strictObject({ comment: z.string(), names })),
});
export type Recipe = z.infer<typeof recipeSchema>;

const baseSchema = z.strictObject({ source: z.url(), commit: z.string(), names });

const load = (file: string): unknown =>
  parse(readFileSync(join(seccompFolder, file), "utf8"), { uniqueKeys: true });

export const loadRecipe = (): Recipe => recipeSchema.parse(load("tiers.yaml"));

/** The names of a list that a tier starts from. */
export const loadBase = (file: string): string[] => baseSchema.parse(load(file)).names;
