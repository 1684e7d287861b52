/** A local folder as a tar stream. Links are not followed: they could lead out of it. */
import { constants } from "node:fs";
import { type FileHandle, open, readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type Pack, pack } from "tar-stream";
import { InputError, reasonOf } from "../errors.ts";

/** tar has not all the times that a file can have. */
const LAST_DATE_MS = (2 ** 31 - 1) * 1000;
/** tar-stream takes a mode of 0 for none at all, unless the file's type is in it. */
const REGULAR = 0o100000;

/** `onSkip` hears of everything that is left out. Throws InputError for what can't be read. */
export async function* packFolder(
  root: string,
  onSkip: (path: string, why: string) => void,
): AsyncGenerator<Uint8Array> {
  const archive = pack();
  const packed = packBelow(archive, root, "", onSkip)
    .then(() => archive.finalize())
    .catch((error) => archive.destroy(error));
  try {
    for await (const piece of archive) yield piece as Uint8Array;
  } finally {
    archive.destroy();
    await packed;
  }
}

const packBelow = async (
  archive: Pack,
  root: string,
  inside: string,
  onSkip: (path: string, why: string) => void,
): Promise<void> => {
  const entries = await readable(join(root, inside), readdir(join(root, inside), { withFileTypes: true }));
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = inside === "" ? entry.name : `${inside}/${entry.name}`;
    // Node writes U+FFFD for what is no UTF-8, and then does not find it.
    if (entry.name.includes("\ufffd")) onSkip(path, "its name is not UTF-8");
    else if (entry.isDirectory()) {
      archive.entry({ name: `${path}/`, type: "directory", mode: 0o755 });
      await packBelow(archive, root, path, onSkip);
    } else if (entry.isFile()) await packFile(archive, join(root, path), path);
    else onSkip(path, entry.isSymbolicLink() ? "it is a link" : "it is no regular file");
  }
};

const packFile = async (archive: Pack, file: string, name: string): Promise<void> => {
  await using handle = await readable(file, open(file, constants.O_RDONLY | constants.O_NOFOLLOW));
  const { size, mode, mtimeMs } = await handle.stat();
  const mtime = new Date(Math.min(Math.max(mtimeMs, 0), LAST_DATE_MS));
  const sink = archive.entry({ name, type: "file", size, mode: REGULAR | (mode & 0o777), mtime });
  await pipeline(contentOf(handle, size, file), sink as unknown as NodeJS.WritableStream);
};

/** As long as its header says, however it grows in the meantime. */
async function* contentOf(handle: FileHandle, bytes: number, file: string): AsyncGenerator<Uint8Array> {
  let left = bytes;
  if (bytes > 0) {
    for await (const chunk of handle.createReadStream({ end: bytes - 1, autoClose: false })) {
      left -= (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  }
  if (left > 0) throw new InputError(`"${file}" got shorter while it was read`);
}

const readable = async <T>(path: string, reading: Promise<T>): Promise<T> => {
  try {
    return await reading;
  } catch (error) {
    throw new InputError(`"${path}" cannot be read: ${reasonOf(error)}`);
  }
};
