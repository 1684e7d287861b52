/** One policy file as it stands, and which files it goes on from. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Located, type Problem, parseLocated, placeOfPath, toValue } from "./located.ts";
import { type Suppression, suppressionsIn } from "./suppressions.ts";

export interface Source {
  file: string;
  name: string;
  tree: Located;
  parent: string | undefined;
  /** Of its name and of what it extends: no policy comes of it, and none that extends it. */
  problems: Problem[];
  suppressions: Suppression[];
}

export const readSource = (folder: string, label: string, name: string): Source | { problems: Problem[] } => {
  const file = `${label}/${name}.yaml`;
  const text = readFileSync(join(folder, `${name}.yaml`), "utf8");
  const parsed = parseLocated(file, text);
  if ("problems" in parsed) return parsed;
  const { tree } = parsed;
  const said = (key: string) => ("map" in tree ? tree.map.get(key) : undefined);
  const problem = (key: string, message: string) => ({
    place: placeOfPath(tree, [key]),
    field: key,
    message,
  });
  const problems: Problem[] = [];
  const named = said("name");
  if (!named || toValue(named) !== name) {
    problems.push(problem("name", `must be the file's name, not ${JSON.stringify(named && toValue(named))}`));
  }
  const extended = said("extends");
  const parent = extended && toValue(extended);
  if (extended && typeof parent !== "string") {
    problems.push(problem("extends", "must be the name of a policy"));
  }
  return {
    file,
    name,
    tree,
    parent: typeof parent === "string" ? parent : undefined,
    problems,
    suppressions: suppressionsIn(file, text),
  };
};

/** From the policy up to the one that extends none. A parent that is wrong itself is told once, of itself. */
export const lineageOf = (
  source: Source,
  sources: ReadonlyMap<string, Source>,
  broken: ReadonlySet<string>,
): { sources: [Source, ...Source[]] } | { problem: Problem | undefined } => {
  const line: [Source, ...Source[]] = [source];
  for (let last = source; last.parent !== undefined; ) {
    const { parent } = last;
    const place = placeOfPath(last.tree, ["extends"]);
    if (line.some(({ name }) => name === parent)) {
      const circle = [...line.map(({ name }) => name), parent].join(" -> ");
      return { problem: { place, field: "extends", message: `goes round in a circle: ${circle}` } };
    }
    const next = sources.get(parent);
    if (!next && broken.has(parent)) return { problem: undefined };
    if (!next) {
      return {
        problem: { place, field: "extends", message: `there is no policy ${JSON.stringify(parent)}` },
      };
    }
    line.push(next);
    last = next;
  }
  return { sources: line };
};
