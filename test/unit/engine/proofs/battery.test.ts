/** The battery's files as files: each can be read, is where its number says, and is a program. */
import { execFileSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { controlNames } from "../../../../src/domain/controls.ts";
import { outcomeSchema } from "../../../../src/domain/outcome.ts";
import { loadBattery, parseAttempt } from "../../../../src/engine/proofs/load-battery.ts";
import { serviceAttempts } from "../../../../src/engine/proofs/service-attempts/all.ts";

/** The attempts of the threat model's list. */
const LISTED = 97;

const battery = loadBattery();
const folder = join(import.meta.dirname, "../../../../src/engine/proofs/battery");
const rows = battery.map((attempt) => [attempt.head.name, attempt] as const);

describe("the battery", () => {
  test("each file of the folder is an attempt", () => {
    expect(battery.length).toBe(readdirSync(folder).length);
    expect(battery.length).toBeGreaterThan(80);
  });

  test("together with those on the service it has every listed number, and each once", () => {
    const ids = [...battery, ...serviceAttempts].map(({ head }) => head.id).sort((a, b) => a - b);
    expect(ids.slice(0, LISTED)).toEqual(Array.from({ length: LISTED }, (_, index) => index + 1));
    expect(new Set(ids).size).toBe(ids.length);
    const names = [...battery, ...serviceAttempts].map(({ head }) => head.name);
    expect(new Set(names).size).toBe(names.length);
  });

  test("each control of the sandbox that an attempt can feel is left out in some attempt's control", () => {
    const leftOut = new Set(battery.flatMap(({ head }) => head.control.without));
    const byLimits = ["memory", "processes", "cpus", "no_network"];
    expect(controlNames.filter((name) => !leftOut.has(name) && !byLimits.includes(name))).toEqual([]);
  });

  test.each(rows)("%s has all that a reader needs, in words and in techniques", (_, { head, program }) => {
    expect(head.title).toMatch(/^[A-Z][^.]*[^.]$/);
    expect(head.techniques.length).toBeGreaterThan(0);
    for (const outcome of head.containedBy ?? []) expect(outcomeSchema.safeParse(outcome).success).toBe(true);
    expect(program).toMatch(/\n# ---\n"""\S/);
    expect(program).toContain('"reached"');
  });

  test.each(rows)("%s never runs its control in the host's network or without a bound", (_, { head }) => {
    expect(head.control.without).not.toContain("no_network");
    for (const bound of ["memory", "processes", "cpus"]) expect(head.control.without).not.toContain(bound);
  });

  test("every program compiles", () => {
    const compile =
      "import sys, pathlib\nfor path in sys.argv[1:]: compile(pathlib.Path(path).read_bytes(), path, 'exec')";
    const files = readdirSync(folder).map((file) => join(folder, file));
    expect(execFileSync("python3", ["-I", "-c", compile, ...files], { encoding: "utf8" })).toBe("");
  });

  /** From its `def` to the next line that is not indented. */
  const functionOf = (program: string, name: string) =>
    new RegExp(`^def ${name}\\(.*\\n(?:(?:[ \\t].*)?\\n)*`, "m").exec(program)?.[0].trimEnd();

  test.each([
    ["call", 20],
    ["in_child", 5],
  ])("every program's copy of %s is the same", (name, atLeast) => {
    const copies = battery.flatMap(({ head, program }) => {
      const text = functionOf(program, name);
      return text === undefined ? [] : [[head.name, text] as const];
    });
    expect(copies.length).toBeGreaterThan(atLeast);
    const [, first] = copies[0] ?? [];
    expect(copies.filter(([, text]) => text !== first).map(([file]) => file)).toEqual([]);
  });

  test.each([
    ["without a head", "001-x.py", "print(1)"],
    ["under another number", "002-mount.py", battery[0]?.program ?? ""],
    [
      "with a field that nobody knows",
      "001-mount.py",
      (battery[0]?.program ?? "").replace("# id: 1", "# id: 1\n# extra: 1"),
    ],
  ])("a file %s is refused", (_, file, program) => {
    expect(() => parseAttempt(file, program)).toThrow();
  });
});
