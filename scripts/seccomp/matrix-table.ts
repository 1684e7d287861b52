/** The functional matrix as the table of docs/tiers.md. */
import type { Exercised } from "./run-matrix.ts";

/** What each tier, and a sandbox without filters, made of the same exercises. */
export interface Matrix {
  tiers: Map<string, Exercised>;
  unconfined: Exercised;
}

/** Modules that work without filters and not under the tier. */
export const lost = ({ tiers, unconfined }: Matrix, tier: string): string[] => {
  const works = worksIn(tiers.get(tier) ?? []);
  return [...worksIn(unconfined)].filter((module) => !works.has(module));
};

/** Markdown. Modules that the image does not have are named, not counted. */
export const renderMatrix = (matrix: Matrix): string => {
  const tiers = [...matrix.tiers.keys()];
  const there = worksIn(matrix.unconfined);
  const mark = (tier: string, module: string) => (lost(matrix, tier).includes(module) ? "no" : "yes");
  const row = (cells: string[]) => `| ${cells.join(" | ")} |`;
  const used = matrix.unconfined.filter(({ module, used }) => used && there.has(module));
  const imported = matrix.unconfined.filter(({ module, used }) => !used && there.has(module));
  const lostImports = imported.filter(({ module }) => tiers.some((tier) => mark(tier, module) === "no"));
  return [
    row(["used", ...tiers]),
    row(["---", ...tiers.map(() => "---")]),
    ...[...used, ...lostImports].map(({ module }) =>
      row([`\`${module}\``, ...tiers.map((tier) => mark(tier, module))]),
    ),
    "",
    `Besides these, ${imported.length - lostImports.length} modules of the standard library are imported in each tier, and each can be.`,
    `Not in the images: ${matrix.unconfined
      .filter(({ module }) => !there.has(module))
      .map(({ module }) => `\`${module}\``)
      .join(", ")}.`,
  ].join("\n");
};

const worksIn = (exercised: Exercised) =>
  new Set(exercised.filter(({ error }) => error === null).map(({ module }) => module));
