/** A policy file and those that it extends -> the policy that comes of them, or everything that is wrong. */
import type { z } from "zod";
import { type Policy, policySchema } from "../domain/policy.ts";
import { hashOf } from "../integrity/hash.ts";
import { extendPolicy, withoutExtends } from "./extend.ts";
import { toIssues } from "./issues.ts";
import {
  exactPlace,
  type Located,
  type Path,
  type Place,
  type Problem,
  placeOfPath,
  toValue,
  valueAt,
} from "./located.ts";
import type { Source } from "./source.ts";
import type { Suppression } from "./suppressions.ts";
import { idleRemovals, type PlacedRule, placed, resolveSyscalls } from "./syscall-tiers.ts";

/** A policy with where each part of it was said. */
export interface ResolvedPolicy {
  policy: Policy;
  file: string;
  /** Its own name, then those that it extends, the nearest first. */
  lineage: string[];
  /** Where this was said; for what nobody said, where what it is a part of begins. */
  placeOf(path: Path): Place;
  /** undefined where nobody said it: it is a default. */
  saidAt(path: Path): Place | undefined;
  /** For each of `policy.calls`, by name. */
  callPlaces: ReadonlyMap<string, Place>[];
  /** Names of `syscalls.remove` that neither its tier nor what is added has. */
  idleRemovals: readonly string[];
  /** Lint rules that the files of this policy and of those that it extends have answered. */
  suppressions: Suppression[];
}

export interface FieldProblem extends Problem {
  /** Somebody wrote it; else it is missing. */
  isSaid: boolean;
}

export const resolve = (
  line: [Source, ...Source[]],
  tierOf: (name: string) => PlacedRule[],
): ResolvedPolicy | { problems: FieldProblem[] } => {
  const [source, ...parents] = line;
  const root = parents.at(-1) ?? source;
  const tree = withoutExtends(
    line
      .toReversed()
      .slice(1)
      .reduce((parent, { tree }) => extendPolicy(parent, tree), root.tree),
  );
  const result = policySchema.safeParse(toValue(tree));
  const tier = readTier(tree, tierOf);
  if (!result.success || "problem" in tier) {
    const problems = result.success ? [] : toProblems(result.error, tree);
    return { problems: [...problems, ...("problem" in tier && tier.problem ? [tier.problem] : [])] };
  }
  const { syscalls } = result.data;
  const added = placed(syscalls.add, tree, ["syscalls", "add"]);
  const calls = resolveSyscalls(tier.rules, added, syscalls);
  const rules = calls.map(({ rule }) => rule);
  return {
    policy: { ...result.data, calls: rules, digest: hashOf({ policy: result.data, calls: rules }) },
    file: source.file,
    lineage: line.map(({ name }) => name),
    placeOf: (path) => placeOfPath(tree, path),
    saidAt: (path) => exactPlace(tree, path),
    callPlaces: calls.map(({ places }) => places),
    idleRemovals: idleRemovals(tier.rules, added, syscalls),
    suppressions: line.flatMap(({ suppressions }) => suppressions),
  };
};

const toProblems = (error: z.ZodError, tree: Located): FieldProblem[] =>
  toIssues(error).map(({ path, message }) => {
    const isSaid = exactPlace(tree, path) !== undefined;
    return {
      place: placeOfPath(tree, path),
      field: path.join("."),
      message: isSaid ? message : "is missing",
      isSaid,
    };
  });

const TIER = ["syscalls", "tier"];

/** Read also where the policy has other faults: all are told at once. No problem where the field itself has one. */
const readTier = (
  tree: Located,
  tierOf: (name: string) => PlacedRule[],
): { rules: PlacedRule[] } | { problem: FieldProblem | undefined } => {
  const named = policySchema.shape.syscalls.shape.tier.safeParse(valueAt(tree, TIER));
  if (!named.success) return { problem: undefined };
  try {
    return { rules: tierOf(named.data) };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return { problem: { place: placeOfPath(tree, TIER), field: TIER.join("."), message, isSaid: true } };
  }
};
