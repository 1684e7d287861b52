import fc from "fast-check";
import { expect, test } from "vitest";
import { coversNames, matchesName } from "../../../src/policies/names.ts";

const asExpression = (pattern: string) =>
  new RegExp(`^${pattern.replaceAll("*", ".*").replaceAll("?", ".")}$`);

test("a pattern matches what the same expression matches", () => {
  const letters = fc.constantFrom("A", "B", "_", "*", "?");
  const pattern = fc.array(letters, { maxLength: 8 }).map((all) => all.join(""));
  const name = fc.array(fc.constantFrom("A", "B", "_"), { maxLength: 10 }).map((all) => all.join(""));
  fc.assert(
    fc.property(pattern, name, (pattern, name) => {
      expect(matchesName(pattern, name)).toBe(asExpression(pattern).test(name));
    }),
    { numRuns: 2000 },
  );
});

test("a pattern of many stars is as quick to say no as any", () => {
  const pattern = `${"*A".repeat(30)}B`;
  const name = "A".repeat(4000);
  const started = performance.now();
  expect(matchesName(pattern, name)).toBe(false);
  // An expression with as many stars tries every way to share the letters out.
  expect(performance.now() - started).toBeLessThan(1000);
});

test.each([
  ["*", "A*", true],
  ["A*", "AB", true],
  ["A*", "B", false],
  ["A?", "A*", false],
])("%s covers %s: %s", (outer, inner, covers) => {
  expect(coversNames(outer, inner)).toBe(covers);
});
