/** A local folder as a tar stream. Links are not followed: they could lead out of it. */
import { constants } from "node:fs";
import { open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { InputError, reasonOf } from "../errors.ts";
import { BLOCK, padding, toHeaders } from "./tar-header.ts";

/** `onSkip` hears of everything that is left out. Throws InputError for what can't be read. */
export async function* packFolder(
  root: string,
  onSkip: (path: string, why: string) => void,
): AsyncGenerator<Uint8Array> {
  yield* packBelow(root, "", onSkip);
  yield Buffer.alloc(2 * BLOCK);
}

async function* packBelow(
  root: string,
  inside: string,
  onSkip: (path: string, why: string) => void,
): AsyncGenerator<Uint8Array> {
  const entries = await readable(join(root, inside), readdir(join(root, inside), { withFileTypes: true }));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    // Node writes U+FFFD for what is no UTF-8, and then does not find it.
    if (entry.name.includes("\ufffd")) onSkip(path, "its name is not UTF-8");
    else if (entry.isDirectory()) {
      yield toHeaders({ path: `${path}/`, type: "5", bytes: 0, mode: 0o755, modifiedMs: Date.now() });
      yield* packBelow(root, path, onSkip);
    } else if (entry.isFile()) yield* packFile(join(root, path), path);
    else onSkip(path, entry.isSymbolicLink() ? "it is a link" : "it is no regular file");
  }
}

async function* packFile(file: string, path: string): AsyncGenerator<Uint8Array> {
  await using handle = await readable(file, open(file, constants.O_RDONLY | constants.O_NOFOLLOW));
  const { size, mode, mtimeMs } = await handle.stat();
  yield toHeaders({ path, type: "0", bytes: size, mode, modifiedMs: mtimeMs });
  let left = size;
  // As long as its header says, however it grows in the meantime.
  if (size > 0) {
    for await (const chunk of handle.createReadStream({ end: size - 1, autoClose: false })) {
      left -= (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  if (left > 0) throw new InputError(`"${file}" got shorter while it was read`);
  yield padding(size);
}

const readable = async <T>(path: string, reading: Promise<T>): Promise<T> => {
  try {
    return await reading;
  } catch (error) {
    throw new InputError(`"${path}" cannot be read: ${reasonOf(error)}`);
  }
};
