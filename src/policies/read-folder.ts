/** A folder of policy files -> the policies, each with all that it inherits, or everything that is wrong with them. */
import { readdirSync } from "node:fs";
import type { Problem } from "./located.ts";
import { type FieldProblem, type ResolvedPolicy, resolve } from "./resolve.ts";
import { lineageOf, readSource, type Source } from "./source.ts";
import { loadSyscallTier, type PlacedRule } from "./syscall-tiers.ts";

export type { ResolvedPolicy } from "./resolve.ts";

export interface PolicyFolder {
  policies: ResolvedPolicy[];
  problems: Problem[];
}

type TierOf = (name: string) => PlacedRule[];

/** `label` is what the folder is called in places. */
export const readPolicyFolder = (folder: string, label = "policies"): PolicyFolder => {
  const files = readdirSync(folder).sort();
  const problems: Problem[] = files
    .filter((name) => name.endsWith(".yml"))
    .map((name) => ({
      place: { file: `${label}/${name}`, line: 1 },
      field: "",
      message: "must end in .yaml to be read",
    }));
  const tierOf = tiersIn(folder, label);
  const sources = new Map<string, Source>();
  const broken = new Set<string>();
  for (const file of files.filter((name) => name.endsWith(".yaml"))) {
    const name = file.slice(0, -".yaml".length);
    const source = readSource(folder, label, name);
    if (source.problems.length === 0 && "tree" in source) sources.set(name, source);
    else {
      problems.push(...source.problems, ...("tree" in source ? ownProblems(source, tierOf) : []));
      broken.add(name);
    }
  }
  const policies: ResolvedPolicy[] = [];
  const wrong = new Map<Source, { parents: Source[]; found: FieldProblem[] }>();
  for (const source of sources.values()) {
    const line = lineageOf(source, sources, broken);
    if ("problem" in line) {
      problems.push(...(line.problem ? [line.problem] : []), ...ownProblems(source, tierOf));
      continue;
    }
    const resolved = resolve(line.sources, tierOf);
    if ("policy" in resolved) policies.push(resolved);
    else wrong.set(source, { parents: line.sources.slice(1), found: resolved.problems });
  }
  for (const [source, { parents, found }] of wrong) {
    // What a parent that is wrong lacks is the parent's problem.
    const inherits = parents.some((parent) => wrong.has(parent));
    const own = found.filter(({ isSaid }) => isSaid || !inherits);
    const could = parents.length === 0 && source.name !== "default" && sources.has("default");
    problems.push(...(could ? withHint(own) : own).map(({ isSaid: _, ...rest }) => rest));
  }
  return { policies, problems: distinct(problems).toSorted(inOrder) };
};

/** Each is read once. */
const tiersIn = (folder: string, label: string): TierOf => {
  const tiers = new Map<string, PlacedRule[]>();
  return (name) => {
    const rules = tiers.get(name) ?? loadSyscallTier(folder, name, label);
    tiers.set(name, rules);
    return rules;
  };
};

/** What can be known of a file alone, where what it extends can't be: what it says itself. */
const ownProblems = (source: Source, tierOf: TierOf): Problem[] => {
  const resolved = resolve([source], tierOf);
  if ("policy" in resolved) return [];
  const told = new Set(source.problems.map(({ field }) => field));
  return resolved.problems
    .filter(({ isSaid, field }) => isSaid && !told.has(field))
    .map(({ isSaid: _, ...rest }) => rest);
};

/** A policy that extends nothing has to say everything: what it lacks is told in one line. */
const withHint = (found: FieldProblem[]): FieldProblem[] => {
  const isInherited = ({ isSaid, field }: FieldProblem) => !isSaid && field !== "description";
  const [first, ...others] = found.filter(isInherited);
  if (!first) return found;
  const rest = found.filter((one) => !isInherited(one));
  if (others.length === 0) {
    return [...rest, { ...first, message: `${first.message}; extends: default would bring it` }];
  }
  const fields = [first, ...others].map(({ field }) => field).join(", ");
  const place = { ...first.place, line: 1 };
  return [
    ...rest,
    { ...first, place, field: "", message: `${fields} are missing; extends: default would bring them` },
  ];
};

const inOrder = (a: Problem, b: Problem): number =>
  a.place.file.localeCompare(b.place.file) || a.place.line - b.place.line;

/** What is wrong in a parent is wrong in each that extends it, at the same place. */
const distinct = (problems: Problem[]): Problem[] => [
  ...new Map(problems.map((problem) => [JSON.stringify(problem), problem])).values(),
];
