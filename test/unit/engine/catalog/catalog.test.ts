import { expect, test } from "vitest";
import { Catalog } from "../../../../src/engine/catalog/catalog.ts";
import { aPolicy } from "../../../support/builders.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";

test("a lent policy is known by its name until it is given back, and no list has it", () => {
  const catalog = new Catalog(new FakeRuntime(), [aPolicy()]);
  const lent = catalog.lend(aPolicy({ name: "proof-1" }));
  expect(catalog.policy("proof-1").name).toBe("proof-1");
  expect(catalog.policies().map(({ name }) => name)).toEqual(["default"]);
  lent[Symbol.dispose]();
  expect(() => catalog.policy("proof-1")).toThrow("There is no policy");
});
