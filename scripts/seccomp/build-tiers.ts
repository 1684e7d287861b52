/** Recipe and traces -> the rules of each tier. */

import { machines, numbersOf } from "../../src/domain/syscall-numbers.ts";
import type { SyscallRule } from "../../src/domain/syscalls.ts";
import type { Recipe, TierRecipe } from "./recipe.ts";
import type { ImageTrace } from "./trace-file.ts";

export interface Tier {
  name: string;
  description: string;
  rules: SyscallRule[];
  /** Names that no trace has: added, or of the list that the tier starts from. */
  untraced: string[];
}

const known = new Set(machines.flatMap((machine) => [...numbersOf(machine).keys()]));

/** Throws an Error that says what does not fit together in the recipe. */
export const buildTiers = (
  recipe: Recipe,
  traces: readonly ImageTrace[],
  loadBase: (file: string) => string[],
): Tier[] => {
  const built = new Map<string, Set<string>>();
  const everTraced = new Set(
    traces.flatMap(({ parts }) => Object.values(parts).flatMap(({ calls }) => calls)),
  );
  return Object.entries(recipe.tiers).map(([name, tier]) => {
    const traced = new Set(traces.flatMap(({ parts }) => tier.traced.flatMap((part) => parts[part].calls)));
    const refused = refusedBy(recipe, tier);
    const own = new Set([
      ...traced,
      ...(tier.base === undefined ? [] : loadBase(tier.base).filter((call) => known.has(call))),
    ]);
    for (const call of namesIn(tier.exclude)) {
      if (!own.delete(call)) throw new Error(`${name} excludes ${call}, which it would not have`);
    }
    for (const call of namesIn(tier.add)) {
      if (!known.has(call)) throw new Error(`${name} adds ${call}, which is no call of any machine`);
      if (own.has(call) && tier.base === undefined)
        throw new Error(`${name} adds ${call}, which it has already`);
      own.add(call);
    }
    for (const call of containedIn(built, tier, name)) own.add(call);
    built.set(name, own);
    const allowed = [...own].filter((call) => !refused.some(({ names }) => names.includes(call))).sort();
    const untraced = allowed.filter((call) => !everTraced.has(call));
    const rules = [...toRules(name, allowed, recipe), ...refused];
    return { name, description: tier.description, rules, untraced };
  });
};

const namesIn = (groups: readonly { names: readonly string[] }[]) => groups.flatMap(({ names }) => names);

const containedIn = (built: Map<string, Set<string>>, { contains }: TierRecipe, name: string) => {
  if (contains === undefined) return [];
  const other = built.get(contains);
  if (!other) throw new Error(`${name} contains ${contains}, which is no tier before it`);
  return other;
};

const refusedBy = (recipe: Recipe, tier: TierRecipe) => [...recipe.refused, ...tier.refuse];

const toRules = (tier: string, allowed: readonly string[], recipe: Recipe): SyscallRule[] => {
  const ofAllowed = (rules: readonly SyscallRule[]) =>
    rules
      .map((rule) => ({ ...rule, names: rule.names.filter((call) => allowed.includes(call)) }))
      .filter(({ names }) => names.length > 0);
  const withArguments = ofAllowed(recipe.arguments);
  const free = allowed.filter((call) => !namesIn(withArguments).includes(call));
  const grouped = recipe.groups.map(({ comment, names }) => ({
    comment,
    names: free.filter((call) => names.includes(call)),
  }));
  const rest = free.filter((call) => !namesIn(recipe.groups).includes(call));
  if (rest.length > 0) {
    throw new Error(`${tier} has calls that are in no group of the recipe: ${rest.join(", ")}`);
  }
  return [...ofAllowed(recipe.unless), ...grouped.filter(({ names }) => names.length > 0), ...withArguments];
};
