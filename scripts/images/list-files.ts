import { readdirSync } from "node:fs";

/** Files below a folder as sorted relative paths; bytecode that a local Python left behind is passed over. */
export function listFiles(folder: string): string[] {
  const walk = (relative: string): string[] =>
    readdirSync(`${folder}/${relative}`, { withFileTypes: true }).flatMap((entry) => {
      if (entry.name === "__pycache__") return [];
      const path = `${relative}${entry.name}`;
      return entry.isDirectory() ? walk(`${path}/`) : [path];
    });
  return walk("").sort();
}
