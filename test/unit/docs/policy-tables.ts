/** The tables of docs/policies.md, made from the schema, the lint rules, and the policies that ship. */
import { join } from "node:path";
import { z } from "zod";
import { controlNames, controls as meanings } from "../../../src/domain/controls.ts";
import { limitsSchema, policySchema, requestLimitsSchema } from "../../../src/domain/policy.ts";
import { growing } from "../../../src/policies/extend.ts";
import { lintRules } from "../../../src/policies/lint/rules.ts";
import { aPolicy, shippedPolicies } from "../../support/builders.ts";
import { root } from "./documents.ts";
import { describeRange, fieldsOf, fillTables, table } from "./tables.ts";

export const policiesFile = join(root, "docs", "policies.md");

interface Field {
  description?: string;
  properties?: Record<string, Field>;
}

/** Path and description of all that a file can say, but for the limits, which have a table of their own. */
const leavesOf = ({ properties = {} }: Field, above: string[] = []): [string, string][] =>
  Object.entries(properties).flatMap(([name, field]): [string, string][] => {
    const path = [...above, name];
    if (path[0] === "limits") return [["limits", "Upper bounds of one execution; see below"]];
    return field.properties ? leavesOf(field, path) : [[path.join("."), field.description ?? ""]];
  });

export const policyFields = () => leavesOf(z.toJSONSchema(policySchema, { io: "input" }) as Field);

const inDefault = (path: string): string => {
  if (path === "limits") return "";
  let value: unknown = aPolicy();
  for (const key of path.split(".")) value = (value as Record<string, unknown>)[key];
  return `\`${typeof value === "string" ? value : JSON.stringify(value)}\``;
};

const cell = (text: string) => text.replaceAll("|", "\\|");

const policies = () =>
  table(
    ["policy", "tier", "runtime", "calls", "wall ms", "MiB", "processes", "images", "for"],
    shippedPolicies.map(({ policy: { name, isolation, syscalls, limits, images, description } }) => [
      `\`${name}\``,
      isolation.tier,
      isolation.runtime,
      syscalls.tier,
      String(limits.wallMs),
      String(limits.memoryMiB),
      String(limits.processes),
      images.join(", "),
      description,
    ]),
  );

const fields = () =>
  table(
    ["field", "in default.yaml", "meaning"],
    policyFields().map(([path, description]) => [
      `\`${path}\``,
      cell(inDefault(path)),
      cell(growing.has(path) ? `${description}. Grows with \`extends\`` : description),
    ]),
  );

const limits = () => {
  const policy = aPolicy();
  return table(
    ["limit", "in default.yaml", "values", "lower", "meaning"],
    Object.entries(fieldsOf(limitsSchema)).map(([key, field]) => [
      `\`${key}\``,
      `\`${policy.limits[limitsSchema.keyof().parse(key)]}\``,
      describeRange(field),
      key in requestLimitsSchema.shape ? "yes" : "",
      field.description,
    ]),
  );
};

const controls = () => {
  const requiring = (name: (typeof controlNames)[number]) =>
    shippedPolicies.filter(({ policy }) => policy.require.includes(name)).map(({ policy }) => policy.name);
  return table(
    ["control", "required by", "what it is"],
    controlNames.map((name) => {
      const by = requiring(name);
      return [`\`${name}\``, by.length === shippedPolicies.length ? "all" : by.join(", "), meanings[name]];
    }),
  );
};

const rules = () =>
  table(
    ["rule", "severity", "finds", "remedy", "standards"],
    lintRules.map(({ id, name, severity, summary, remedy, standards }) => [
      `\`${id}\` ${name}`,
      severity,
      cell(summary),
      cell(remedy),
      standards.join(", "),
    ]),
  );

/** The document with its tables made anew. */
export const withPolicyTables = (text: string): string =>
  fillTables(text, {
    policies: policies(),
    fields: fields(),
    limits: limits(),
    controls: controls(),
    rules: rules(),
  });
