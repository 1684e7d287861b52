import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { configSchema } from "../../../src/config.ts";
import { configurationFile, withTables } from "./configuration-tables.ts";
import { codeIn, documents, readDocument, tableOf } from "./documents.ts";

const text = readFileSync(configurationFile, "utf8");

test("the table of settings is the one that the schema makes", () => {
  expect(text).toBe(withTables(text));
});

test("every setting is there with a meaning, and no other", () => {
  const rows = tableOf(text, "setting");
  expect(rows.map(([key]) => codeIn(key))).toEqual(Object.keys(configSchema.shape));
  for (const [key, , , meaning = ""] of rows) expect(meaning.length, key).toBeGreaterThan(10);
});

const settingsIn = (text: string) => text.match(/\bCLOCHE_[A-Z_]*[A-Z]\b/g) ?? [];
const settingsOfCli = new Set(settingsIn(readDocument("src/cli/settings.ts")));

test("no document names a setting that does not exist", () => {
  // A group of them is named by what they begin with.
  const named = documents.flatMap((file) =>
    settingsIn(readDocument(file).replaceAll("CLOCHE_TENANT_...", "")),
  );
  expect(named.length).toBeGreaterThan(20);
  const known = (name: string) => name in configSchema.shape || settingsOfCli.has(name);
  expect([...new Set(named)].filter((name) => !known(name))).toEqual([]);
});

test("every setting of the command line is there, and in its own document", () => {
  expect(settingsOfCli.size).toBeGreaterThan(2);
  for (const name of settingsOfCli) {
    expect(text).toContain(`\`${name}\``);
    expect(readDocument("docs/cli.md")).toContain(`\`${name}\``);
  }
});

test("control: a changed table is noticed", () => {
  expect(withTables(text.replace("`8080`", "`8081`"))).toBe(text);
});
