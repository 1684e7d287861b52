/** Who may import whom. The table is the architecture; ARCHITECTURE.md draws it. */
import { execFileSync } from "node:child_process";
import { globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..");

/**
 * For each folder or file directly under src/: what it may import besides itself. A path under
 * src/ names a folder ("domain/") or one file ("engine/ports/"); the rest are packages.
 */
const allowed: Record<string, string[]> = {
  domain: ["zod", "node:crypto", "node:buffer"],
  // Hashes, signatures and proofs over the domain's nouns, for whoever makes them and whoever checks them.
  integrity: ["domain/", "canonicalize", "zod", "node:crypto"],
  // Policy files, read and judged: by the service, and by the command line where there is none.
  policies: ["domain/", "integrity/", "yaml", "zod", "node:"],
  engine: ["domain/", "integrity/", "policies/", "yaml", "zod", "node:"],
  docker: ["domain/", "engine/ports/", "dockerode", "yaml", "zod", "node:"],
  store: ["domain/", "engine/ports/", "zod", "node:"],
  signing: ["domain/", "integrity/", "engine/ports/", "zod", "node:"],
  audit: ["domain/", "integrity/", "engine/ports/", "node:"],
  metrics: ["domain/", "engine/ports/", "prom-client"],
  http: [
    "domain/",
    "integrity/",
    "engine/",
    "policies/",
    "hono",
    "@hono/zod-openapi",
    "@hono/node-server",
    "tar-stream",
    "node:",
  ],
  // A client of the public API: it knows nothing of the service but what the API says, and how to check it.
  cli: ["integrity/", "policies/", "eventsource-parser", "tar-stream", "node:"],
  app: [
    "domain/",
    "policies/",
    "engine/",
    "docker/",
    "store/",
    "signing/",
    "audit/",
    "metrics/",
    "http/",
    "config.ts",
    "system-clock.ts",
    "pino",
    "node:",
  ],
  "main.ts": [
    "app/",
    "config.ts",
    "logger.ts",
    "api-key.ts",
    "state-folder.ts",
    "domain",
    "@hono/node-server",
    "node:",
  ],
  "config.ts": ["zod", "node:"],
  "logger.ts": ["pino"],
  "api-key.ts": ["domain", "node:"],
  "state-folder.ts": ["node:"],
  "system-clock.ts": ["engine/ports/"],
};

/** A package whose types are welcome where its code is not. */
const typesOnly: Record<string, string[]> = { http: ["@hono/node-server"] };

interface Import {
  specifier: string;
  typeOnly: boolean;
}

const withoutComments = (source: string) =>
  source.replace(/\/\*[\s\S]*?\*\//g, "").replace(/^\s*\/\/.*$/gm, "");

/** Static imports, re-exports and dynamic imports; the formatter guarantees their shape. */
const importsOf = (source: string): Import[] => {
  const code = withoutComments(source);
  const fixed = [...code.matchAll(/^(?:import|export)\b(\s+type\b)?(?:[^"';]*?\bfrom)?\s*"([^"]+)"/gm)].map(
    ([, type, specifier]) => ({ specifier: specifier ?? "", typeOnly: type !== undefined }),
  );
  const dynamic = [...code.matchAll(/\b(?:import|require|resolve)\(\s*["'`]([^"'`]+)["'`]/g)].map(
    ([, specifier]) => ({ specifier: specifier ?? "", typeOnly: false }),
  );
  return [...fixed, ...dynamic];
};

const matches = (target: string, name: string) =>
  target === name || target.startsWith(/[:/]$/.test(name) ? name : `${name}/`);

/** Where a file of src/ belongs: the folder below src/, or the file itself. */
const layerOf = (file: string) => file.split("/")[1] ?? "";

const srcViolations = (file: string, source: string): string[] => {
  const layer = layerOf(file);
  const rules = allowed[layer];
  if (!rules) return [`${file}: there is no rule for ${layer}`];
  return importsOf(source).flatMap(({ specifier, typeOnly }) => {
    if (!specifier.startsWith(".")) {
      const listed = rules.some((name) => matches(specifier, name));
      const asType = !typesOnly[layer]?.some((name) => matches(specifier, name)) || typeOnly;
      return isAsset(layer, specifier) || (listed && asType) ? [] : [`${file}: ${specifier}`];
    }
    const target = normalize(join(dirname(file), specifier));
    if (!target.startsWith("src/")) return [`${file}: ${specifier} leaves src/`];
    const inside = target.slice("src/".length);
    return layerOf(target) === layer || rules.some((name) => matches(inside, name))
      ? []
      : [`${file}: ${specifier}`];
  });
};

/** Found on disk and served as files, never run here. */
const isAsset = (layer: string, specifier: string) =>
  layer === "http" && specifier === "swagger-ui-dist/package.json";

const packagesOnlyIn: Record<string, RegExp> = {
  dockerode: /^(src\/docker|scripts|bench)\//,
  "node:sqlite": /^src\/store\//,
  "prom-client": /^src\/metrics\//,
  "node:child_process": /^(scripts|bench|examples)\//,
};

const placeViolations = (file: string, source: string): string[] =>
  importsOf(source).flatMap(({ specifier }) => {
    const place = packagesOnlyIn[specifier];
    return place && !place.test(file) ? [`${file}: ${specifier}`] : [];
  });

/** Tools may use src and one another's parts, but nothing may use a test. A task is the door of a tool. */
const toolViolations = (file: string, source: string): string[] => {
  const folder = file.split("/")[0] ?? "";
  const folders = [
    folder,
    "scripts",
    "src",
    ...(file.startsWith("scripts/tasks/") ? ["bench", "examples"] : []),
  ];
  return importsOf(source)
    .filter(({ specifier }) => specifier.startsWith("."))
    .map(({ specifier }) => normalize(join(dirname(file), specifier)))
    .filter((target) => !folders.some((name) => target.startsWith(`${name}/`)))
    .map((target) => `${file}: ${target}`);
};

const readsEnvironment = (source: string) => /\bprocess\.env\b/.test(withoutComments(source));

/** What Node cannot strip: enums, namespaces, parameter properties, `import x = require()`. */
const unerasable = (source: string): string[] =>
  withoutComments(source).match(
    /^\s*(?:export\s+)?(?:declare\s+)?(?:const\s+)?enum\s+\w+|^\s*(?:export\s+)?namespace\s+\w+|constructor\([^)]*\b(?:private|public|protected|readonly)\s+\w+|^\s*import\s+\w+\s*=\s*require/gm,
  ) ?? [];

const read = (file: string) => readFileSync(join(root, file), "utf8");
const filesIn = (folder: string) => globSync(`${folder}/**/*.{ts,mjs}`, { cwd: root }).sort();

const src = filesIn("src");
const scripts = filesIn("scripts");
const tools = [...scripts, ...filesIn("bench"), ...filesIn("examples")];

describe("the scan sees the source tree", () => {
  test.each([
    ["src", src, 40],
    ["scripts", scripts, 30],
  ] as const)("all of %s", (folder, files, floor) => {
    const found = execFileSync(
      "find",
      [folder, "-type", "f", "(", "-name", "*.ts", "-o", "-name", "*.mjs", ")"],
      {
        cwd: root,
        encoding: "utf8",
      },
    );
    expect(files).toEqual(found.trim().split("\n").sort());
    expect(files.length).toBeGreaterThan(floor);
  });

  test("every folder and file directly under src has a rule, and every rule a folder or file", () => {
    expect([...new Set(src.map(layerOf))].sort()).toEqual(Object.keys(allowed).sort());
  });

  test("imports are found: no file but the leaves is without any", () => {
    const total = src.flatMap((file) => importsOf(read(file))).length;
    expect(total).toBeGreaterThan(src.length * 2);
  });
});

describe("layers", () => {
  test.each(src)("%s imports only what its layer may", (file) => {
    expect(srcViolations(file, read(file))).toEqual([]);
  });

  test.each([...src, ...tools])("%s keeps to the places where a package may be used", (file) => {
    expect(placeViolations(file, read(file))).toEqual([]);
  });

  test.each(tools)("%s imports no test, and of other tools only what it may", (file) => {
    expect(toolViolations(file, read(file))).toEqual([]);
  });

  test("the environment is read in one place", () => {
    expect(src.filter((file) => readsEnvironment(read(file)))).toEqual([
      // A program of its own, with settings of its own.
      "src/cli/main.ts",
      "src/config.ts",
    ]);
  });

  test.each(src)("%s runs on Node as it is", (file) => {
    expect(unerasable(read(file))).toEqual([]);
  });
});

/** Made-up files that break a rule: a checker that passes them proves nothing. */
describe("the checker catches", () => {
  test.each([
    ["the domain reaching up", "src/domain/x.ts", 'import { Pool } from "../engine/pool.ts";'],
    [
      "a type of the wrong layer",
      "src/domain/x.ts",
      'import type { Clock } from "../engine/ports/clock.ts";',
    ],
    ["a package that is not listed", "src/domain/x.ts", 'import { pino } from "pino";'],
    ["a Node module that is not listed", "src/domain/x.ts", 'import { readFileSync } from "node:fs";'],
    ["the engine using an adapter", "src/engine/x.ts", 'import { x } from "../docker/frames.ts";'],
    ["an adapter using another one", "src/docker/x.ts", 'import { x } from "../store/sqlite-store.ts";'],
    [
      "an adapter using more of the engine than its ports",
      "src/docker/x.ts",
      'import { Pool } from "../engine/pool.ts";',
    ],
    ["a file beside the ports with a like name", "src/store/x.ts", 'import { x } from "../engine/ports.ts";'],
    ["a package with a like name", "src/metrics/x.ts", 'import x from "prom-client-extra";'],
    ["http using an adapter", "src/http/routes/x.ts", 'import { x } from "../../store/instance.ts";'],
    ["http running the server itself", "src/http/x.ts", 'import { serve } from "@hono/node-server";'],
    ["src using scripts", "src/docker/x.ts", 'import { x } from "../../scripts/gates.ts";'],
    ["src using test", "src/app/build-app.ts", 'import { x } from "../test/support/builders.ts";'],
    ["an import over several lines", "src/domain/x.ts", 'import {\n  a,\n  b,\n} from "../engine/pool.ts";'],
    ["a re-export", "src/domain/x.ts", 'export * from "../engine/pool.ts";'],
    ["an import for its effect", "src/domain/x.ts", 'import "../engine/pool.ts";'],
    ["a dynamic import", "src/domain/x.ts", 'const x = await import("../engine/pool.ts");'],
    ["a folder without a rule", "src/misc/x.ts", ""],
  ])("%s", (_, file, source) => {
    expect(srcViolations(file, source)).toHaveLength(1);
  });

  test("what is right passes", () => {
    const source =
      'import { z } from "zod";\nimport type { Clock } from "../engine/ports/clock.ts";\n// from "pino"\n';
    expect(srcViolations("src/docker/x.ts", source)).toEqual([]);
    expect(srcViolations("src/http/x.ts", 'import type { X } from "@hono/node-server";')).toEqual([]);
  });

  test("dockerode outside of its places, and tools that use test", () => {
    expect(placeViolations("src/engine/x.ts", 'import Docker from "dockerode";')).toHaveLength(1);
    expect(placeViolations("src/docker/x.ts", 'import Docker from "dockerode";')).toEqual([]);
    expect(toolViolations("scripts/x.ts", 'import "../test/support/builders.ts";')).toHaveLength(1);
    expect(toolViolations("bench/x.ts", 'import "../test/support/builders.ts";')).toHaveLength(1);
    expect(toolViolations("scripts/images/x.ts", 'import "../../bench/x.ts";')).toHaveLength(1);
    expect(toolViolations("scripts/tasks/x.ts", 'import "../../src/app/build-app.ts";')).toEqual([]);
    expect(toolViolations("scripts/tasks/x.ts", 'import "../../bench/x.ts";')).toEqual([]);
  });

  test("a reader of the environment, and syntax that Node can't strip", () => {
    expect(readsEnvironment("const x = process.env.X;")).toBe(true);
    expect(readsEnvironment("// process.env\nconst x = 1;")).toBe(false);
    for (const source of [
      "export enum A { x }",
      "const enum B { x }",
      "namespace C { }",
      "class D { constructor(private x: number) {} }",
      'import fs = require("node:fs");',
    ]) {
      expect(unerasable(source), source).toHaveLength(1);
    }
  });
});
