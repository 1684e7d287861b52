/** The functional matrix of this machine: each exercise in the images that are for it, under each tier and under none. */
import type Docker from "dockerode";
import { type Matrix, renderMatrix } from "./matrix-table.ts";
import { runMatrix } from "./run-matrix.ts";
import type { Under } from "./sandbox.ts";
import { findImages } from "./trace-images.ts";

const matrixTiers = ["strict", "std", "compat"] as const;
export const matrixImages = ["python", "python-data", "python-test"] as const;

export const matrixOf = async (docker: Docker): Promise<Matrix> => {
  const images = await findImages(docker, matrixImages);
  const under = async (tier: Under) => {
    const all = [];
    for (const image of images) all.push(...(await runMatrix(docker, image, tier)));
    return all;
  };
  const unconfined = await under("unconfined");
  const tiers: Matrix["tiers"] = new Map();
  for (const tier of matrixTiers) tiers.set(tier, await under(tier));
  return { tiers, unconfined };
};

const BEGIN = "<!-- made by npm run tiers:table -->";
const END = "<!-- end of what is made -->";

/** The document with this matrix in the place of the one it has. Throws where it has none. */
export const putMatrix = (document: string, matrix: Matrix): string => {
  const [before, rest] = document.split(BEGIN);
  const after = rest?.split(END)[1];
  if (before === undefined || after === undefined)
    throw new Error(`docs/tiers.md must have ${BEGIN} and ${END}`);
  return `${before}${BEGIN}\n${renderMatrix(matrix)}\n${END}${after}`;
};
