/** npm run policy-schema: writes policies/policy.schema.json, with which editors check and complete policies. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { policySchema } from "../../src/domain/policy.ts";
import { repositoryRoot } from "../state-dir.ts";

const file = join(repositoryRoot, "policies", "policy.schema.json");

interface Schema {
  [key: string]: unknown;
  properties?: Record<string, Schema>;
  required?: string[];
}

const parent: Schema = {
  description: "The policy whose fields hold where this one says nothing",
  type: "string",
  pattern: "^[a-z][a-z0-9-]{0,62}$",
};

/** As it stands in a file: what `extends` brings need not be said again. In the form it is committed. */
export function generatePolicySchema(): string {
  const { $schema, ...whole } = z.toJSONSchema(policySchema, { io: "input" }) as Schema;
  const { properties = {}, ...rest } = withoutRequired(whole);
  const { name, description, ...fields } = properties;
  const schema = {
    $schema,
    title: "Cloche policy",
    ...rest,
    properties: { name, description, extends: parent, ...fields },
    required: ["name", "description"],
    if: { not: { required: ["extends"] } },
    // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
    then: onlyRequired(whole),
  };
  return `${JSON.stringify(schema, undefined, 2)}\n`;
}

/** Of a map that may be said in parts: each of its fields may be missing, in the maps within it too. */
function withoutRequired({ required: _, properties, ...rest }: Schema): Schema {
  if (!properties) return rest;
  const parts = Object.entries(properties).map(([name, part]): [string, Schema] => [
    name,
    part.properties ? withoutRequired(part) : part,
  ]);
  return { ...rest, properties: Object.fromEntries(parts) };
}

function onlyRequired({ required, properties = {} }: Schema): Schema {
  const parts = Object.entries(properties).filter(([, part]) => part.properties);
  return {
    type: "object",
    ...(required ? { required } : {}),
    ...(parts.length > 0
      ? { properties: Object.fromEntries(parts.map(([name, part]) => [name, onlyRequired(part)])) }
      : {}),
  };
}

if (import.meta.main) {
  writeFileSync(file, generatePolicySchema());
  console.log("policy-schema: wrote policies/policy.schema.json");
}
