import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { isDeeperThan } from "../../../src/http/json-depth.ts";

const depthOf = (value: unknown): number =>
  typeof value === "object" && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;

const isDeep = (text: string, max: number) => isDeeperThan(Buffer.from(text), max);

describe("the depth of JSON", () => {
  test("is that of the value, whatever its strings have in them", () => {
    const text = fc.oneof(
      fc.string({ unit: fc.constantFrom('"', "\\", "[", "]", "{", "}", "ü", "a"), maxLength: 200 }),
      fc.string(),
    );
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof({ maxDepth: 4 }, text, tie("array"), tie("object")),
      array: fc.array(tie("value"), { maxLength: 2 }),
      object: fc.dictionary(text, tie("value"), { maxKeys: 2 }),
    }));
    fc.assert(
      fc.property(value, (json) => {
        const depth = depthOf(json);
        const written = JSON.stringify(json);
        expect(isDeep(written, depth)).toBe(false);
        if (depth > 0) expect(isDeep(written, depth - 1)).toBe(true);
      }),
      { numRuns: 200 },
    );
  });

  test.each([60, 61, 62, 63, 64, 65, 66, 130])("survives a quote after %i backslashes", (count) => {
    const text = JSON.stringify([`${"\\".repeat(count)}"[[[`, `${"x".repeat(count)}\\"[[[`, []]);
    expect([isDeep(text, 2), isDeep(text, 1)]).toEqual([false, true]);
  });

  test.each(['"', '"\\', '"\\"', "]]]]", '["x', ""])("of %j, which is no JSON, is small", (text) => {
    expect(isDeep(text, 1)).toBe(false);
  });
});
