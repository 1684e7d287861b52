import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configSchema } from "../../../src/config.ts";
import { policySchema } from "../../../src/domain/policy.ts";
import { configurationFile, withTables } from "./configuration-tables.ts";
import { codeIn, documents, readDocument, tableOf } from "./documents.ts";

const text = readFileSync(configurationFile, "utf8");

test("the tables of settings, limits and controls are those that the schemas make", () => {
  expect(text).toBe(withTables(text));
});

test("every setting is there with a meaning, and no other", () => {
  const rows = tableOf(text, "setting");
  expect(rows.map(([key]) => codeIn(key))).toEqual(Object.keys(configSchema.shape));
  for (const [key, , , meaning = ""] of rows) expect(meaning.length, key).toBeGreaterThan(10);
});

test("every policy field is there, and no other", () => {
  const { isolation, ...fields } = policySchema.shape;
  const all = [...Object.keys(fields), ...Object.keys(isolation.shape).map((name) => `isolation.${name}`)];
  expect(
    tableOf(text, "field")
      .map(([name]) => codeIn(name))
      .sort(),
  ).toEqual(all.sort());
});

test("no document names a setting that does not exist", () => {
  const named = documents.flatMap((file) => readDocument(file).match(/\bCLOCHE_[A-Z_]*[A-Z]\b/g) ?? []);
  expect(named.length).toBeGreaterThan(20);
  expect([...new Set(named)].filter((name) => !(name in configSchema.shape))).toEqual([]);
});

test("control: a changed table is noticed", () => {
  expect(withTables(text.replace("`8080`", "`8081`"))).toBe(text);
});
