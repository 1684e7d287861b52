/** Reads policies/seccomp/<tier>.yaml and makes of it, with what a policy adds and removes, what is allowed. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import type { Policy } from "../domain/policy.ts";
import { type SyscallRule, syscallRuleSchema } from "../domain/syscalls.ts";
import {
  type Located,
  type Path,
  type Place,
  parseLocated,
  placeOfPath,
  toText,
  toValue,
} from "./located.ts";

const tierSchema = z.strictObject({ rules: z.array(syscallRuleSchema).min(1) });

/** A rule, and for each of its names the line that has it. */
export interface PlacedRule {
  rule: SyscallRule;
  places: ReadonlyMap<string, Place>;
}

/** Throws an Error that says what is wrong with the tier's file. */
export const loadSyscallTier = (folder: string, tier: string, label = "policies"): PlacedRule[] => {
  const name = `${label}/seccomp/${tier}.yaml`;
  const file = join(folder, "seccomp", `${tier}.yaml`);
  if (!existsSync(file)) throw new Error(`there is no ${name}`);
  const parsed = parseLocated(name, readFileSync(file, "utf8"));
  if ("problems" in parsed) throw new Error(parsed.problems.map(toText).join("; "));
  const { tree } = parsed;
  const result = tierSchema.safeParse(toValue(tree));
  if (!result.success) throw new Error(`${name}: ${z.prettifyError(result.error)}`);
  return placed(result.data.rules, tree, ["rules"]);
};

/** Rules of a list that is found by this path. */
export const placed = (rules: SyscallRule[], tree: Located, path: Path): PlacedRule[] =>
  rules.map((rule, i) => ({
    rule,
    places: new Map(rule.names.map((name, j) => [name, placeOfPath(tree, [...path, i, "names", j])])),
  }));

/**
 * An added call is allowed also where the tier refuses it in its own way; what the tier refuses by its arguments
 * stays refused. What is removed is removed also from what is added: the last word is the narrower one.
 */
export const resolveSyscalls = (
  tier: PlacedRule[],
  added: PlacedRule[],
  { remove }: Pick<Policy["syscalls"], "remove">,
): PlacedRule[] => {
  const names = new Set(added.flatMap(({ rule }) => rule.names));
  const refusedByTier = ({ rule: { args, errno } }: PlacedRule, name: string) =>
    errno !== undefined && args === undefined && names.has(name);
  return [...tier.map((placed) => only(placed, (name) => !refusedByTier(placed, name))), ...added]
    .map((placed) => only(placed, (name) => !remove.includes(name)))
    .filter(({ rule }) => rule.names.length > 0);
};

/** Names that take nothing away: neither the tier nor what is added has them. */
export const idleRemovals = (
  tier: PlacedRule[],
  added: PlacedRule[],
  { remove }: Pick<Policy["syscalls"], "remove">,
): string[] => {
  const names = new Set([...tier, ...added].flatMap(({ rule }) => rule.names));
  return remove.filter((name) => !names.has(name));
};

const only = ({ rule, places }: PlacedRule, keep: (name: string) => boolean): PlacedRule => ({
  places,
  rule: { ...rule, names: rule.names.filter(keep) },
});
