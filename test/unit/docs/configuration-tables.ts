/**
 * The tables of docs/configuration.md, made from the schema. Run as a program it writes them into the file, and those of
 * docs/policies.md into theirs.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { configSchema } from "../../../src/config.ts";
import { policiesFile, withPolicyTables } from "./policy-tables.ts";
import { describeRange, fieldsOf, fillTables, table } from "./tables.ts";

const root = join(import.meta.dirname, "../../..");
export const configurationFile = join(root, "docs", "configuration.md");

const cores = availableParallelism();

/** Defaults that differ from host to host, in words; the number is checked against this host's. */
const defaultsByHost: Record<string, { value: unknown; words: string }> = {
  CLOCHE_STATE_DIR: { value: join(root, ".cloche"), words: "`.cloche` in the checkout" },
  CLOCHE_POLICIES_DIR: { value: join(root, "policies"), words: "`policies` in the checkout" },
  CLOCHE_POOL_CREATES: { value: Math.max(2, cores), words: "by cores" },
  CLOCHE_MAX_RUNNING: { value: Math.max(8, cores * 4), words: "by cores" },
};

const describeDefault = (key: string, value: unknown): string => {
  const byHost = defaultsByHost[key];
  if (byHost) {
    if (byHost.value !== value) throw new Error(`${key}: default ${value}, described as ${byHost.value}`);
    return byHost.words;
  }
  return value === undefined ? "" : `\`${value}\``;
};

const settings = () =>
  table(
    ["setting", "default", "values", "meaning"],
    Object.entries(fieldsOf(configSchema)).map(([key, field]) => [
      `\`${key}\``,
      describeDefault(key, field.default),
      describeRange(field),
      field.description,
    ]),
  );

/** The document with its tables made anew. */
export const withTables = (text: string): string => fillTables(text, { settings: settings() });

if (import.meta.main) {
  writeFileSync(configurationFile, withTables(readFileSync(configurationFile, "utf8")));
  writeFileSync(policiesFile, withPolicyTables(readFileSync(policiesFile, "utf8")));
}
