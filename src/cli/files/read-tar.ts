/** The entries of a tar stream, one after the other, in memory that does not grow with them. */
import { extract, type Header } from "tar-stream";
import { CliError, reasonOf, SaveError } from "../errors.ts";

export interface TarEntry {
  path: string;
  type: "file" | "folder" | "other";
  executable: boolean;
  /** To be read to its end, or not at all: then it is skipped. */
  content: AsyncIterable<Uint8Array>;
}

const BLOCK = 512;
/** Two blocks of zeros. */
const END_MARK_BYTES = 2 * BLOCK;
/** What writers put into pax headers is little; tar-stream copies those for all entries into each. */
const MAX_RECORDS = 64;

/** Throws SaveError where it is broken or ends too early, and what the source throws. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  // One piece at a time: what has drained is parsed.
  const archive = extract({ highWaterMark: 0 });
  void feed(archive, source);
  try {
    for await (const entry of archive) {
      check(entry.header);
      yield {
        path: entry.header.name.replace(/^(\.\/)+/, "").replace(/\/+$/, ""),
        type: types[entry.header.type] ?? "other",
        executable: (entry.header.mode & 0o100) !== 0,
        content: entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>,
      };
      entry.resume();
    }
  } catch (error) {
    throw error instanceof CliError ? error : new SaveError(`The archive has a fault: ${reasonOf(error)}`);
  }
}

const types: Partial<Record<string, TarEntry["type"]>> = {
  file: "file",
  "contiguous-file": "file",
  directory: "folder",
};

/** tar-stream waits for ever for content of no size, and passes over records that it can't read. */
const check = ({ type, size, pax }: Header): void => {
  if (!Number.isSafeInteger(size) || (type === "directory" && size !== 0)) {
    throw new SaveError("The archive has an entry of a wrong size");
  }
  if (typeof pax !== "object" || pax === null) return;
  const records = Object.keys(pax).length;
  if (records === 0) throw new SaveError("The archive has a broken pax header");
  if (records > MAX_RECORDS) throw new SaveError("The archive has a pax header that is too large");
};

/** Never rejects: whoever reads the entries is told. */
const feed = async (
  archive: ReturnType<typeof extract>,
  source: AsyncIterable<Uint8Array>,
): Promise<void> => {
  const closed = new Promise<void>((resolve) => archive.once("close", () => resolve()));
  let readBytes = 0;
  let endOfEntries = 0;
  archive.on("entry", ({ size }, { offset }) => {
    endOfEntries = offset + BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  });
  try {
    for await (const piece of source) {
      readBytes += piece.length;
      const drained = new Promise<void>((resolve) => archive.once("drain", () => resolve()));
      archive.write(piece);
      await Promise.race([drained, closed]);
      if (archive.destroying) return;
    }
    // tar-stream takes an archive for whole that was cut between two entries.
    if (readBytes < endOfEntries + END_MARK_BYTES) throw new SaveError("The archive ends too early");
    archive.end(null);
  } catch (error) {
    archive.destroy(error instanceof Error ? error : new Error(String(error)));
  }
};
