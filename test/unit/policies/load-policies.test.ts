import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadPolicies } from "../../../src/policies/load-policies.ts";
import { aPolicyFolder, shippedText } from "../../support/policy-folder.ts";

const folderWith = (from: string | RegExp, to: string) => {
  const text = shippedText("default.yaml");
  const changed = text.replace(from, to);
  expect(changed).not.toBe(text);
  return aPolicyFolder({ "default.yaml": changed });
};

describe("the service starts with no policy that lets something through for lack of a rule", () => {
  test("those that ship are whole", () => {
    expect(loadPolicies(aPolicyFolder()).map(({ name }) => name)).toContain("default");
  });

  test.each([
    ["an unknown field", /^network: none/m, "netwrok: none"],
    ["a missing field", /^network: none$/m, ""],
    ["a required control that does not exist", "- seccomp", "- secomp"],
    ["a tier that does not exist", "tier: std", "tier: none"],
  ])("%s refuses", (_, from, to) => {
    expect(() => loadPolicies(folderWith(from, to))).toThrow(/^policies\/default\.yaml:\d+: /);
  });

  test("all that is wrong is told in one error", () => {
    const folder = folderWith("wallMs: 30000", "wallMs: forever\n  foo: 1");
    expect(() => loadPolicies(folder)).toThrow(/limits\.wallMs: [\s\S]*limits\.foo: /);
  });

  test("no policy at all is an error, not an empty list", () => {
    const empty = join(aPolicyFolder(), "empty");
    mkdirSync(empty);
    expect(() => loadPolicies(empty)).toThrow("There is no policy");
  });
});
