/** The tiers are what the images' own calls make of them, and what works under them is what docs/tiers.md says. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { matrixOf, putMatrix } from "../../scripts/seccomp/matrix-of-images.ts";
import { lost, type Matrix } from "../../scripts/seccomp/matrix-table.ts";
import { loadRecipe } from "../../scripts/seccomp/recipe.ts";
import { ensureStrace } from "../../scripts/seccomp/strace.ts";
import { compareTraces, loadTraces } from "../../scripts/seccomp/trace-file.ts";
import { findImages, traceImage } from "../../scripts/seccomp/trace-images.ts";
import { docker } from "../support/service.ts";

describe("the traces", () => {
  beforeAll(() => ensureStrace(() => {}, true), 120_000);

  test.each(["python", "python-test", "python-data"])(
    "of %s are those that are recorded",
    async (name) => {
      const [image] = await findImages(docker(), [name]);
      if (!image) throw new Error(`there is no image ${name}`);
      const fresh = await traceImage(docker(), image);
      const kept = loadTraces().find(({ image, machine }) => image === name && machine === fresh.machine);
      if (!kept) throw new Error(`${name} was never traced on ${fresh.machine}: npm run seccomp:trace`);
      expect(compareTraces(kept, fresh, loadRecipe().timing)).toEqual([]);
    },
    240_000,
  );
});

describe("what works", () => {
  let matrix: Matrix;
  beforeAll(async () => {
    matrix = await matrixOf(docker());
  }, 240_000);

  test("under std and compat is all that works without filters", () => {
    expect(matrix.unconfined.filter(({ error }) => error === null).length).toBeGreaterThan(170);
    expect([...lost(matrix, "std"), ...lost(matrix, "compat")]).toEqual([]);
    const needed = [
      "numpy",
      "pandas",
      "matplotlib",
      "pytest",
      "threading",
      "subprocess",
      "asyncio",
      "sqlite3",
    ];
    const worked = (matrix.tiers.get("std") ?? []).filter(({ error }) => error === null);
    expect(worked.map(({ module }) => module)).toEqual(expect.arrayContaining(needed));
  });

  test("under strict is all but processes, threads, sockets and epoll", () => {
    expect(lost(matrix, "strict").sort()).toEqual([
      "asyncio",
      "concurrent",
      "http",
      "multiprocessing",
      "os.fork",
      "os.system",
      "select.epoll",
      "socket",
      "socketserver",
      "subprocess",
      "threading",
    ]);
  });

  test("is what docs/tiers.md says", () => {
    const document = readFileSync(join(import.meta.dirname, "../../docs/tiers.md"), "utf8");
    expect(putMatrix(document, matrix)).toBe(document);
  });
});
