/** What a YAML file says, each part with the line where it says so: a merged policy still knows who said what. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument } from "yaml";

export interface Place {
  file: string;
  line: number;
}

export type Located =
  | { place: Place; map: Map<string, Located> }
  | { place: Place; list: Located[] }
  | { place: Place; value: unknown };

/** What is wrong in a file; `field` is empty where it is about the whole. */
export interface Problem {
  place: Place;
  field: string;
  message: string;
}

export const toText = ({ place: { file, line }, field, message }: Problem): string =>
  `${file}:${line}: ${field === "" ? "" : `${field}: `}${message}`;

/** Everything that is no YAML of the plain kind: a policy is read by people, so it has no anchors and no tags. */
export const parseLocated = (file: string, text: string): { tree: Located } | { problems: Problem[] } => {
  const counter = new LineCounter();
  const document = parseDocument(text, { lineCounter: counter, uniqueKeys: true, prettyErrors: false });
  const placeAt = (offset: number): Place => ({ file, line: Math.max(1, counter.linePos(offset).line) });
  const problems: Problem[] = [...document.errors, ...document.warnings].map(({ pos, message }) => ({
    place: placeAt(pos[0]),
    field: "",
    message,
  }));
  const toLocated = (node: unknown, place: Place): Located => {
    if (isAlias(node)) problems.push({ place, field: "", message: "must be written out, not be an alias" });
    if (isMap(node)) {
      const entries = node.items.map(({ key, value }): [string, Located] => {
        const at = isScalar(key) ? placeAt(key.range?.[0] ?? 0) : place;
        return [isScalar(key) ? String(key.value) : String(key), toLocated(value, at)];
      });
      return { place, map: new Map(entries) };
    }
    if (isSeq(node)) return { place, list: node.items.map((item) => toLocated(item, placeOf(item, place))) };
    return { place, value: isScalar(node) ? node.value : null };
  };
  const placeOf = (node: unknown, fallback: Place): Place =>
    (isMap(node) || isSeq(node) || isScalar(node) || isAlias(node)) && node.range
      ? placeAt(node.range[0])
      : fallback;
  const tree = toLocated(document.contents, { file, line: 1 });
  return problems.length > 0 ? { problems } : { tree };
};

export const toValue = (tree: Located): unknown => {
  if ("map" in tree) return Object.fromEntries([...tree.map].map(([key, part]) => [key, toValue(part)]));
  return "list" in tree ? tree.list.map(toValue) : tree.value;
};

export type Path = readonly PropertyKey[];

/** Where this was said, or what it would be a part of. */
export const placeOfPath = (tree: Located, path: Path): Place => {
  const [first, ...rest] = path;
  const part = first === undefined ? undefined : partOf(tree, first);
  return part === undefined ? tree.place : placeOfPath(part, rest);
};

/** undefined where nobody said it: it is a default. */
export const exactPlace = (tree: Located, path: Path): Place | undefined => {
  const [first, ...rest] = path;
  if (first === undefined) return tree.place;
  const part = partOf(tree, first);
  return part && exactPlace(part, rest);
};

/** undefined where nobody said it. */
export const valueAt = (tree: Located, path: Path): unknown => {
  const [first, ...rest] = path;
  if (first === undefined) return toValue(tree);
  const part = partOf(tree, first);
  return part && valueAt(part, rest);
};

const partOf = (tree: Located, key: PropertyKey): Located | undefined => {
  if ("map" in tree) return tree.map.get(String(key));
  return "list" in tree ? tree.list[Number(key)] : undefined;
};
