/** A policy with all that it inherits, as YAML in which each line says where it comes from. */
import { stringify } from "yaml";
import { policySchema } from "../domain/policy.ts";
import type { Path } from "./located.ts";
import type { ResolvedPolicy } from "./read-folder.ts";

interface Line {
  text: string;
  origin: string;
}

export const showPolicy = (resolved: ResolvedPolicy): string => {
  const { policy } = resolved;
  const fields = policySchema.keyof().options.map((name): [string, unknown] => [name, policy[name]]);
  const lines = fields.flatMap(([name, value]) => linesOf(resolved, name, value, [name], ""));
  const widest = Math.max(...lines.filter(({ text }) => text.length <= 60).map(({ text }) => text.length));
  return [
    `# ${resolved.lineage.join(" extends ")}`,
    `# ${policy.digest}`,
    ...lines.map(({ text, origin }) => (origin === "" ? text : `${text.padEnd(widest)}  # ${origin}`)),
    "",
  ].join("\n");
};

/** By path, for programs: where each value was said; null where nobody said it and it is a default. */
export const originsOf = (resolved: ResolvedPolicy): Record<string, string | null> => {
  const origins: Record<string, string | null> = {};
  const walk = (value: unknown, path: Path): void => {
    const parts = partsOf(value);
    if (parts.length === 0) origins[path.join(".")] = originOf(resolved, path);
    for (const [key, part] of parts) walk(part, [...path, key]);
  };
  for (const name of policySchema.keyof().options) walk(resolved.policy[name], [name]);
  return origins;
};

const partsOf = (value: unknown): [string, unknown][] =>
  typeof value === "object" && value !== null ? Object.entries(value) : [];

const originOf = ({ saidAt }: ResolvedPolicy, path: Path): string | null => {
  const place = saidAt(path);
  return place ? `${place.file}:${place.line}` : null;
};

const linesOf = (
  resolved: ResolvedPolicy,
  key: string,
  value: unknown,
  path: Path,
  indent: string,
): Line[] => {
  const parts = partsOf(value);
  if (parts.length === 0) {
    const text = `${indent}${key}: ${stringify(value, { lineWidth: 0 }).trim()}`;
    return [{ text, origin: originOf(resolved, path) ?? "default" }];
  }
  const within = parts.flatMap(([name, part]) =>
    Array.isArray(value)
      ? itemLines(resolved, part, [...path, name], `${indent}  `)
      : linesOf(resolved, name, part, [...path, name], `${indent}  `),
  );
  return [{ text: `${indent}${key}:`, origin: "" }, ...within];
};

/** Items that are maps stand on a line of their own, as JSON, which is YAML too. */
const itemLines = (resolved: ResolvedPolicy, item: unknown, path: Path, indent: string): Line[] => [
  {
    text: `${indent}- ${typeof item === "object" ? JSON.stringify(item) : stringify(item).trim()}`,
    origin: originOf(resolved, path) ?? "default",
  },
];
