import { globSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, test } from "vitest";
import packageJson from "../../../package.json" with { type: "json" };
import {
  anchorsOf,
  documents,
  exists,
  fileNamesOf,
  linksOf,
  npmScriptsOf,
  pathsOf,
  readDocument,
  resolveLink,
  root,
} from "./documents.ts";

const known = new Set(
  globSync("{.ci,bench,docs,examples,policies,sandbox-images,scripts,src,test}/**/*", { cwd: root })
    .concat(globSync("*", { cwd: root }))
    .map((file) => basename(file)),
);

/** Files that tell how to make something, and so name what is not there. */
const made = new Set([
  "audit-head.json",
  "image.json",
  "requirements.in",
  "requirements.txt",
  "signing-keys.json",
]);

const brokenLinks = (file: string, text: string) =>
  linksOf(text).flatMap(({ path, anchor }) => {
    const target = resolveLink(file, path);
    if (!exists(target)) return [target];
    const anchors = target.endsWith(".md") ? anchorsOf(path === "" ? text : readDocument(target)) : [];
    return anchor === "" || anchors.includes(anchor) ? [] : [`${target}#${anchor}`];
  });

const brokenPaths = (text: string) => pathsOf(text).filter((path) => !exists(path));
const brokenNames = (text: string) => fileNamesOf(text).filter((name) => !known.has(name) && !made.has(name));
const brokenScripts = (text: string) => npmScriptsOf(text).filter((name) => !(name in packageJson.scripts));

describe("documents", () => {
  test("all of them are looked at", () => {
    const expected = ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md", "CHANGELOG.md"];
    expect(documents).toEqual(expect.arrayContaining(expected));
    expect(documents.filter((file) => file.startsWith("docs/adr/")).length).toBeGreaterThanOrEqual(6);
    expect(documents.length).toBeGreaterThanOrEqual(18);
  });

  test("they hold links, paths and scripts to check", () => {
    const all = documents.map(readDocument).join("\n");
    expect(linksOf(all).length).toBeGreaterThan(50);
    expect(pathsOf(all).length).toBeGreaterThan(50);
    expect(npmScriptsOf(all).length).toBeGreaterThan(10);
  });

  test.each(documents)("%s links to what exists", (file) => {
    expect(brokenLinks(file, readDocument(file))).toEqual([]);
  });

  test.each(documents)("%s names paths, files and scripts that exist", (file) => {
    const text = readDocument(file);
    expect({ paths: brokenPaths(text), names: brokenNames(text), scripts: brokenScripts(text) }).toEqual({
      paths: [],
      names: [],
      scripts: [],
    });
  });

  test("control: what does not exist is found", () => {
    expect(brokenLinks("docs/x.md", "[a](nothing.md) [b](errors.md#no-such) [c](../README.md)")).toEqual([
      "docs/nothing.md",
      "docs/errors.md#no-such",
    ]);
    expect(brokenPaths("`src/nothing.ts` and `src/app/build-app.ts`")).toEqual(["src/nothing.ts"]);
    expect(brokenNames("`nothing.ts` and `pool.ts`")).toEqual(["nothing.ts"]);
    expect(brokenScripts("npm run nothing, npm test")).toEqual(["nothing"]);
  });

  test("ARCHITECTURE.md stays short, and names every folder of src", () => {
    const text = readDocument("ARCHITECTURE.md");
    expect(text.trimEnd().split("\n").length).toBeLessThanOrEqual(150);
    for (const folder of globSync("src/*/", { cwd: root })) expect(text).toContain(folder);
  });

  test("every attack in the threat model names a test or is known to have none", () => {
    const rows = readDocument("docs/threat-model.md")
      .split("\n")
      .filter((line) => /^\| (?!attack|---)/.test(line));
    expect(rows.length).toBeGreaterThan(20);
    expect(rows.filter((row) => !row.includes(".test.ts"))).toHaveLength(1);
  });
});
