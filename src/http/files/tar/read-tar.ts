/**
 * Reads a tar archive of strangers as it arrives. Strict, and not tar-stream's reader: that one takes an archive for
 * whole which was cut between two entries, goes on behind the end mark, and copies a global PAX header of up to
 * 4 MiB into each that follows, so that a small archive keeps the process busy for minutes.
 */
import { badArchive, entryField } from "./bad-archive.ts";
import { ByteReader } from "./byte-reader.ts";
import { type PaxOverrides, parsePax } from "./pax-records.ts";
import { BLOCK, parseHeader, type TarHeader, text } from "./tar-header.ts";

/** A name has at most some kilobytes; what else writers put into these headers is little. */
const MAX_META_BYTES = 64 * 1024;
const MAX_METAS = 4;

export interface TarEntry {
  type: "file" | "folder";
  /** As it is written there, unchecked. */
  name: string;
  mode: number;
  bytes: number;
  /** To be read before the next entry; what is left of it then is skipped. */
  content: AsyncIterable<Buffer>;
}

/** Regular files and folders. Rejects with `invalid_request` at anything else, and unless the archive ends as it should. */
export async function* readTar(source: AsyncIterable<Buffer>): AsyncGenerator<TarEntry> {
  const reader = new ByteReader(source);
  try {
    for (;;) {
      const found = await nextEntry(reader);
      if (!found) break;
      const body = new Body(reader, found.bytes);
      yield { ...found, content: body };
      await body.skip();
    }
    await checkEnd(reader);
  } finally {
    await reader.close();
  }
}

/** The next entry's header with what the headers before it say of it; undefined at the end mark. */
const nextEntry = async (reader: ByteReader): Promise<Omit<TarEntry, "content"> | undefined> => {
  let pax: PaxOverrides = {};
  let longName: string | undefined;
  for (let metas = 0; metas <= MAX_METAS; metas += 1) {
    const block = await whole(reader, BLOCK);
    if (isZero(block)) {
      if (metas > 0) throw badArchive("ends between the headers of an entry");
      return undefined;
    }
    const header = parseHeader(block);
    if (header.type === "x") {
      if (Object.keys(pax).length > 0) throw badArchive("has two PAX headers for one entry");
      pax = parsePax(await meta(reader, header));
    } else if (header.type === "g") {
      const global = parsePax(await meta(reader, header));
      if (Object.keys(global).length > 0) throw badArchive("has one path or size for all entries");
    } else if (header.type === "L") {
      if (longName !== undefined) throw badArchive("has two names for one entry");
      longName = text(await meta(reader, header));
    } else {
      if (longName !== undefined && pax.path !== undefined) throw badArchive("has two names for one entry");
      return toEntry(header, longName ?? pax.path ?? header.name, pax.size ?? header.size);
    }
  }
  throw badArchive("has too many headers for one entry");
};

const refusedTypes: Record<string, string> = {
  "1": "is a hard link",
  "2": "is a link",
  "3": "is a device",
  "4": "is a device",
  "6": "is a pipe",
  S: "is a sparse file",
  K: "is a link",
};

const toEntry = (header: TarHeader, name: string, bytes: number): Omit<TarEntry, "content"> => {
  const { mode, type } = header;
  if (type !== "0" && type !== "5") {
    const what = refusedTypes[type] ?? "is of a type that is not known here";
    throw badArchive(`${what}; only regular files and folders are taken`, entryField(name));
  }
  if (type === "5" && bytes !== 0) throw badArchive("is a folder with content", entryField(name));
  // No setuid, setgid or sticky bits.
  return { type: type === "5" ? "folder" : "file", name, mode: mode & 0o777, bytes };
};

const meta = async (reader: ByteReader, { size }: TarHeader): Promise<Buffer> => {
  if (size > MAX_META_BYTES) throw badArchive(`has a header of more than ${MAX_META_BYTES} bytes`);
  return (await whole(reader, size + padding(size))).subarray(0, size);
};

const whole = async (reader: ByteReader, length: number): Promise<Buffer> => {
  const bytes = await reader.upTo(length);
  if (bytes.length < length) throw cutOff();
  return bytes;
};

/** After the first block of zeros: another one, and nothing but zeros from there. */
const checkEnd = async (reader: ByteReader): Promise<void> => {
  if (!isZero(await whole(reader, BLOCK))) throw badArchive("goes on after its end mark");
  for (;;) {
    const rest = await reader.some(Number.POSITIVE_INFINITY);
    if (!rest) return;
    if (!isZero(rest)) throw badArchive("goes on after its end mark");
  }
};

/** An entry's bytes; they come out of the archive's stream when they are asked for. */
class Body implements AsyncIterable<Buffer> {
  readonly #reader: ByteReader;
  #left: number;
  readonly #padding: number;

  constructor(reader: ByteReader, bytes: number) {
    this.#reader = reader;
    this.#left = bytes;
    this.#padding = padding(bytes);
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(this.#left);
      if (!piece) throw cutOff();
      this.#left -= piece.length;
      yield piece;
    }
  }

  async skip(): Promise<void> {
    for await (const _ of this) {
      // Nobody wanted it.
    }
    await whole(this.#reader, this.#padding);
  }
}

const padding = (bytes: number) => (BLOCK - (bytes % BLOCK)) % BLOCK;
const isZero = (bytes: Buffer) => bytes.every((byte) => byte === 0);
const cutOff = () => badArchive("is cut off");
