/** The documents and what can be checked in them: links, code spans, code blocks, tables. */
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";

export const root = join(import.meta.dirname, "../../..");

export const documents = [
  ...globSync("*.md", { cwd: root }),
  ...globSync("docs/**/*.md", { cwd: root }),
].sort();

export const readDocument = (file: string): string => readFileSync(join(root, file), "utf8");

const blockPattern = /^```(.*)\n([\s\S]*?)^```$/gm;

const withoutBlocks = (text: string) => text.replace(blockPattern, "");

/** Code blocks whose info string is `info`, for example "json execution". */
export const blocksOf = (text: string, info: string): string[] =>
  [...text.matchAll(blockPattern)].flatMap(([, language, body]) => (language === info ? [body ?? ""] : []));

/** Rows of the table whose head begins with `first`, as cells. */
export const tableOf = (text: string, first: string): string[][] => {
  const lines = text.split("\n");
  const start = lines.findIndex((line) => line.startsWith(`| ${first} |`));
  if (start < 0) throw new Error(`there is no table of ${first}`);
  const rows = lines.slice(start + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return rows.slice(0, end < 0 ? rows.length : end).map((row) =>
    row
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
};

/** Targets of links that stay in the repository, with the anchor where there is one. */
export const linksOf = (text: string): { path: string; anchor: string }[] =>
  [...withoutBlocks(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target]) => target ?? "")
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = "", anchor = ""] = target.split("#");
      return { path, anchor };
    });

const topLevel = /^(\.ci|bench|docs|examples|node_modules|policies|sandbox-images|scripts|src|test)(\/|$)/;

/** Code spans that look like a path from the top of the repository. */
export const pathsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/`([^`\s]+)`/g)]
    .map(([, span]) => span ?? "")
    .filter((span) => topLevel.test(span) && span.includes("/") && !/[<>()]/.test(span));

/** Bare file names are checked against every folder: prose names a file after it named the folder. */
export const fileNamesOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/`([^`\s/]+\.(?:ts|mjs|py|yaml|yml|json|md))`/g)].map(
    ([, name]) => name ?? "",
  );

export const exists = (path: string): boolean => existsSync(join(root, path));

export const resolveLink = (file: string, path: string): string =>
  path === "" ? file : normalize(join(dirname(file), path));

/** Anchors as GitHub makes them from headings. */
export const anchorsOf = (text: string): string[] =>
  [...withoutBlocks(text).matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    (heading ?? "")
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

/** Names of npm scripts that a text tells people to run. */
export const npmScriptsOf = (text: string): string[] => [
  ...[...text.matchAll(/\bnpm run ([a-z][\w:-]*)/g)].map(([, name]) => name ?? ""),
  ...[...text.matchAll(/\bnpm (start|test)\b/g)].map(([, name]) => name ?? ""),
];

/** All code spans of a text. */
export const codesIn = (text: string): string[] =>
  [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code ?? "");

export const codeIn = (cell: string | undefined): string =>
  /^`([^`]+)`$/.exec(cell ?? "")?.[1] ?? `(no code: ${cell})`;
