/** A policy that extends another: it may say anything anew, but what is required or taken away stays so. */
import { canonicalJson } from "../integrity/canonical-json.ts";
import { type Located, toValue } from "./located.ts";

/** Lists that only ever grow. */
export const growing: ReadonlySet<string> = new Set(["require", "syscalls.add", "syscalls.remove", "grants"]);

/** What a policy says of itself alone. */
const own: ReadonlySet<string> = new Set(["name", "description", "extends"]);

/** Maps are merged; anything else of the child's replaces the parent's, but for the lists that grow. */
export const extendPolicy = (parent: Located, child: Located): Located =>
  merge("map" in parent ? { ...parent, map: without(parent.map, own) } : parent, child, "");

export const withoutExtends = (tree: Located): Located =>
  "map" in tree ? { ...tree, map: without(tree.map, new Set(["extends"])) } : tree;

const merge = (parent: Located, child: Located, path: string): Located => {
  if ("map" in parent && "map" in child) {
    const merged = new Map(parent.map);
    for (const [key, value] of child.map) {
      const inherited = merged.get(key);
      const at = path === "" ? key : `${path}.${key}`;
      merged.set(key, inherited ? merge(inherited, value, at) : value);
    }
    return { place: child.place, map: merged };
  }
  if ("list" in parent && "list" in child && growing.has(path)) {
    return { place: child.place, list: distinct([...parent.list, ...child.list]) };
  }
  return child;
};

/** The first that says it stays, with its place. */
const distinct = (items: Located[]): Located[] => {
  const texts = items.map((item) => canonicalJson(toValue(item)));
  return items.filter((_, i) => texts.indexOf(texts[i] ?? "") === i);
};

const without = (map: Map<string, Located>, names: ReadonlySet<string>) =>
  new Map([...map].filter(([key]) => !names.has(key)));
