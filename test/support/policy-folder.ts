/** Folders of policies that a test may change: the shipped ones, with files of its own. */
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { type ResolvedPolicy, readPolicyFolder } from "../../src/policies/read-folder.ts";
import { policiesFolder } from "./builders.ts";

const made: string[] = [];
afterAll(() => {
  for (const folder of made) rmSync(folder, { recursive: true });
});

/** By file name; what is not named is as it ships. */
export const aPolicyFolder = (files: Record<string, string> = {}): string => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-policies-"));
  made.push(folder);
  cpSync(policiesFolder, folder, { recursive: true });
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
};

export const shippedText = (file: string): string => readFileSync(join(policiesFolder, file), "utf8");

/** A policy that extends the default one and says this besides. */
export const childText = (name: string, says: string): string =>
  `name: ${name}\ndescription: for a test\nextends: default\n${says}\n`;

/** The only policy of this name; throws with what is wrong where there is none. */
export const resolvedIn = (folder: string, name: string): ResolvedPolicy => {
  const { policies, problems } = readPolicyFolder(folder);
  const found = policies.find(({ policy }) => policy.name === name);
  if (found) return found;
  throw new Error(JSON.stringify(problems));
};

/** The policy `child`, which says this besides what the default one says. */
export const aChild = (says: string): ResolvedPolicy =>
  resolvedIn(aPolicyFolder({ "child.yaml": childText("child", says) }), "child");

/** The default policy with its text changed: also in what no policy that extends it could change. */
export const editedDefault = (from: string | RegExp, to: string): ResolvedPolicy => {
  const text = shippedText("default.yaml");
  const changed = text.replace(from, to);
  if (changed === text) throw new Error(`default.yaml has no ${from}`);
  return resolvedIn(aPolicyFolder({ "default.yaml": changed }), "default");
};
