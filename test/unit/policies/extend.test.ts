import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { controlNames } from "../../../src/domain/controls.ts";
import { extendPolicy, growing } from "../../../src/policies/extend.ts";
import { type Located, parseLocated, toValue } from "../../../src/policies/located.ts";

const located = (value: unknown): Located => {
  const parsed = parseLocated("x.yaml", JSON.stringify(value));
  if ("problems" in parsed) throw new Error(JSON.stringify(parsed.problems));
  return parsed.tree;
};

const names = fc.uniqueArray(fc.constantFrom("link", "socket", "clone", "kill", "open"));
const part = fc.record(
  {
    require: fc.uniqueArray(fc.constantFrom(...controlNames)),
    grants: fc.uniqueArray(fc.constantFrom("a", "b", "c")),
    syscalls: fc.record(
      { tier: fc.constantFrom("std", "strict"), add: fc.array(fc.record({ names })), remove: names },
      { requiredKeys: [] },
    ),
    limits: fc.dictionary(fc.constantFrom("wallMs", "cpuMs"), fc.nat(), { noNullPrototype: true }),
    images: fc.uniqueArray(fc.constantFrom("python", "python-data")),
  },
  { requiredKeys: [], noNullPrototype: true },
);

interface Part {
  require?: string[];
  grants?: string[];
  syscalls?: { tier?: string; add?: object[]; remove?: string[] };
  limits?: Record<string, number>;
  images?: string[];
}

const extended = (parent: Part, child: Part) =>
  toValue(extendPolicy(located(parent), located(child))) as Part;

describe("whatever a policy says that extends another", () => {
  test("no requirement, no removed call and no added one is lost", () => {
    fc.assert(
      fc.property(part, part, (parent, child) => {
        const both = extended(parent, child);
        expect(both.require ?? []).toEqual(
          expect.arrayContaining([...(parent.require ?? []), ...(child.require ?? [])]),
        );
        const { add = [], remove = [] } = both.syscalls ?? {};
        expect(remove).toEqual(
          expect.arrayContaining([...(parent.syscalls?.remove ?? []), ...(child.syscalls?.remove ?? [])]),
        );
        expect(add).toEqual(
          expect.arrayContaining([...(parent.syscalls?.add ?? []), ...(child.syscalls?.add ?? [])]),
        );
        expect(new Set(remove).size).toBe(remove.length);
      }),
    );
  });

  test("values and other lists are the child's where it says them", () => {
    fc.assert(
      fc.property(part, part, (parent, child) => {
        const both = extended(parent, child);
        expect(both.images).toEqual(child.images ?? parent.images);
        expect({ ...both.limits }).toEqual({ ...parent.limits, ...child.limits });
        expect(both.syscalls?.tier).toBe(child.syscalls?.tier ?? parent.syscalls?.tier);
      }),
    );
  });

  test("in three steps the same holds, in whatever way they are put together", () => {
    fc.assert(
      fc.property(part, part, part, (a, b, c) => {
        const oneByOne = extended(extended(a, b), c);
        const atOnce = extended(a, extended(b, c));
        expect(oneByOne).toEqual(atOnce);
      }),
    );
  });

  test("the lists that grow are these four", () => {
    expect([...growing]).toEqual(["require", "syscalls.add", "syscalls.remove", "grants"]);
  });
});
