import { existsSync, readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

/** Names of the images that are built beside a folder of policies; undefined where there are none to see. */
export const imagesBeside = (policiesFolder: string): string[] | undefined => {
  const folder = join(dirname(resolve(policiesFolder)), "sandbox-images");
  if (!existsSync(folder)) return undefined;
  return readdirSync(folder).filter((name) => existsSync(join(folder, name, "image.json")));
};
