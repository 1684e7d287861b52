/** The entries of a tar stream, one after the other, in memory that does not grow with them. */
import { SaveError } from "../errors.ts";
import { BLOCK, type Header, parseHeader, parseRecords } from "./tar-header.ts";

export interface TarEntry {
  path: string;
  type: "file" | "folder" | "other";
  executable: boolean;
  /** Whatever of it is not taken is skipped. */
  content: AsyncIterable<Uint8Array>;
}

const MAX_RECORDS = 1024 * 1024;

/** Throws SaveError where it is broken or ends too early. */
export async function* readTar(source: AsyncIterable<Uint8Array>): AsyncGenerator<TarEntry> {
  const reader = new Reader(source);
  let records = new Map<string, string>();
  while (true) {
    const block = await reader.exactly(BLOCK);
    if (block.every((byte) => byte === 0)) break;
    const header = parseHeader(block);
    if (header.type === "x" || header.type === "g") {
      if (header.bytes > MAX_RECORDS) throw new SaveError("The archive has a pax header that is too large");
      const body = await reader.exactly(header.bytes);
      await reader.skip(padded(header.bytes) - header.bytes);
      if (header.type === "x") records = parseRecords(body);
      continue;
    }
    const entry = apply(header, records);
    records = new Map();
    const end = reader.position + padded(entry.bytes);
    yield {
      path: entry.path.replace(/^(\.\/)+/, "").replace(/\/+$/, ""),
      type: types[entry.type] ?? "other",
      executable: (entry.mode & 0o100) !== 0,
      content: reader.take(entry.bytes),
    };
    await reader.skip(end - reader.position);
  }
  // The rest of the padding at the end, so that the connection is left clean.
  await reader.drain();
}

const types: Record<string, TarEntry["type"]> = { "0": "file", "7": "file", "5": "folder" };

const padded = (bytes: number) => Math.ceil(bytes / BLOCK) * BLOCK;

const apply = (header: Header, records: Map<string, string>): Header => {
  const bytes = Number(records.get("size") ?? header.bytes);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new SaveError("The archive has an entry of no size");
  return { ...header, path: records.get("path") ?? header.path, bytes };
};

class Reader {
  position = 0;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array();

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#chunks = source[Symbol.asyncIterator]();
  }

  async exactly(bytes: number): Promise<Buffer> {
    const pieces: Uint8Array[] = [];
    for await (const piece of this.take(bytes)) pieces.push(piece);
    return Buffer.concat(pieces, bytes);
  }

  async skip(bytes: number): Promise<void> {
    for await (const _ of this.take(bytes));
  }

  async *take(bytes: number): AsyncGenerator<Uint8Array> {
    for (let missing = bytes; missing > 0; ) {
      if (this.#left.length === 0 && !(await this.#more())) throw new SaveError("The archive ends too early");
      const piece = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(piece.length);
      this.position += piece.length;
      missing -= piece.length;
      yield piece;
    }
  }

  async drain(): Promise<void> {
    while (await this.#more());
  }

  async #more(): Promise<boolean> {
    const { done, value } = await this.#chunks.next();
    this.#left = done ? new Uint8Array() : value;
    return !done;
  }
}
