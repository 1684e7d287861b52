/** The files that recipe and traces come to, and what is there. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { buildTiers, type Tier } from "./build-tiers.ts";
import { seccompFolder } from "./paths.ts";
import { loadBase, loadRecipe } from "./recipe.ts";
import { renderTier } from "./render-tier.ts";
import { loadTraces } from "./trace-file.ts";

export const loadTiers = (): Tier[] => buildTiers(loadRecipe(), loadTraces(), loadBase);

export const writeTiers = (): Tier[] => {
  const tiers = loadTiers();
  for (const tier of tiers) writeFileSync(fileOf(tier), renderTier(tier));
  return tiers;
};

/** A line for each line in which a tier's file is not what it should be. */
export const compareTiers = (): string[] =>
  loadTiers().flatMap((tier) => {
    const [is, should] = [readIfThere(fileOf(tier)), renderTier(tier)].map((text) => text.split("\n"));
    if (!is || !should) return [];
    const where = `policies/seccomp/${tier.name}.yaml`;
    return [
      ...should.filter((line) => !is.includes(line)).map((line) => `+ ${where}: ${line}`),
      ...is.filter((line) => !should.includes(line)).map((line) => `- ${where}: ${line}`),
      ...(is.length === should.length
        ? []
        : [`${where} has ${is.length} lines and should have ${should.length}`]),
    ];
  });

const fileOf = ({ name }: Tier) => join(seccompFolder, `${name}.yaml`);
const readIfThere = (file: string) => (existsSync(file) ? readFileSync(file, "utf8") : "");
