import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { generatePolicySchema } from "../../../scripts/tasks/policy-schema.ts";
import { shippedPolicies } from "../../support/builders.ts";
import { childText, shippedText } from "../../support/policy-folder.ts";
import { run } from "../cli/run-in-test.ts";
import { blocksOf, readDocument, root } from "./documents.ts";
import { policiesFile, policyFields, withPolicyTables } from "./policy-tables.ts";

const text = readFileSync(policiesFile, "utf8");

test("the tables of docs/policies.md are those that schema, rules and policies make", () => {
  expect(text).toBe(withPolicyTables(text));
});

test("every field has a meaning", () => {
  for (const [path, description] of policyFields()) expect(description.length, path).toBeGreaterThan(10);
});

describe("policies/policy.schema.json", () => {
  const file = readDocument("policies/policy.schema.json");
  // zod knows no if and then: the two halves are checked one by one.
  const { if: condition, then, ...always } = JSON.parse(file);
  const schema = z.fromJSONSchema(always);
  const withoutExtends = z.fromJSONSchema(both(always, then));
  const errorsOf = (schema: z.ZodType, yaml: string) =>
    schema.safeParse(parse(yaml)).error?.issues.map(({ path, message }) => `${path.join(".")} ${message}`) ??
    [];

  const errors = (yaml: string) => errorsOf(schema, yaml);

  test("is what the code makes; npm run policy-schema writes it", () => {
    expect(file).toBe(generatePolicySchema());
  });

  test.each(shippedPolicies.map(({ policy }) => policy.name))(
    "passes %s, which names it for editors",
    (name) => {
      const yaml = shippedText(`${name}.yaml`);
      expect(yaml.split("\n")[0]).toBe("# yaml-language-server: $schema=policy.schema.json");
      expect(errors(yaml)).toEqual([]);
    },
  );

  test.each([
    ["an unknown field", childText("child", "netwrok: none")],
    ["an unknown limit", childText("child", "limits: {wall: 1}")],
    ["a value of the wrong kind", childText("child", "limits: {wallMs: soon}")],
    ["no description", "name: child\nextends: default\n"],
  ])("control: refuses %s", (_, yaml) => {
    expect(errors(childText("child", "limits: {wallMs: 50}"))).toEqual([]);
    expect(errors(yaml)).not.toEqual([]);
  });

  test("asks for everything of a policy that extends none", () => {
    expect(always.required).toEqual(["name", "description"]);
    expect(condition).toEqual({ not: { required: ["extends"] } });
    const whole = shippedText("default.yaml");
    expect(errorsOf(withoutExtends, whole)).toEqual([]);
    expect(errorsOf(withoutExtends, whole.replace(/^network: none$/m, ""))).not.toEqual([]);
    expect(errorsOf(withoutExtends, whole.replace(/^ {2}wallMs: .*\n/m, ""))).not.toEqual([]);
  });
});

/** A schema that asks for what both ask for. */
const both = (one: Record<string, unknown>, other: Record<string, unknown>): Record<string, unknown> => ({
  ...one,
  ...Object.fromEntries(
    Object.entries(other).map(([key, value]) => [
      key,
      typeof value === "object" && !Array.isArray(value)
        ? both(one[key] as Record<string, unknown>, value as Record<string, unknown>)
        : value,
    ]),
  ),
});

/** Commands of the document with what they print below them, shortened by lines of three dots. */
const sessions = blocksOf(text, "console").flatMap((block) =>
  block
    .split(/^\$ cloche /m)
    .slice(1)
    .map((part) => {
      const [command = "", ...output] = part.trimEnd().split("\n");
      return { command, output };
    }),
);

describe("examples of docs/policies.md", () => {
  test("there are some of each command", () => {
    const commands = sessions.map(({ command }) => command.split(" ").slice(0, 2).join(" "));
    expect(new Set(commands)).toEqual(
      new Set(["policy lint", "policy explain", "policy diff", "policy show"]),
    );
  });

  test.each(sessions)("cloche $command", async ({ command, output }) => {
    const { stdout, stderr } = await run(command.split(" "), { cwd: root });
    expect(stderr).toBe("");
    const lines = stdout.trimEnd().split("\n");
    if (!output.includes("...")) expect(lines).toEqual(output);
    else expect(lines).toEqual(expect.arrayContaining(output.filter((line) => line !== "...")));
  });
});
