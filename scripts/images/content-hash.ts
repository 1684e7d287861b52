/** Names an image after everything that decides what is in it, so that an unchanged one is never rebuilt. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { listFiles } from "./list-files.ts";

/** Twelve hex digits over the files of these folders (paths and bytes) and the given words. */
export function contentHash(folders: readonly string[], words: readonly string[]): string {
  const hash = createHash("sha256");
  // Lengths first: without them "ab" + "c" and "a" + "bc" would count as the same.
  const add = (part: string | Buffer) => hash.update(`${part.length}\n`).update(part);
  for (const folder of folders) {
    for (const path of listFiles(folder)) {
      if (path.endsWith(".md")) continue;
      add(path);
      add(readFileSync(join(folder, path)));
    }
  }
  for (const word of words) add(word);
  return hash.digest("hex").slice(0, 12);
}
