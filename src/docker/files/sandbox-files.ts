import type { FileEntry, SandboxFiles } from "../../engine/ports/sandbox-files.ts";
import { fitsCall } from "../link/calls.ts";
import type { LauncherCalls } from "../link/launcher-calls.ts";
import { FileContent } from "./file-content.ts";

/** What one `append` brings, with room for its head. */
const PIECE_BYTES = 60 * 1024;
/** Pieces on their way at the same time. */
const ABREAST = 8;

/** A session's workspace, through its launcher's calls. */
export class LauncherFiles implements SandboxFiles {
  readonly #calls: LauncherCalls;

  constructor(calls: LauncherCalls) {
    this.#calls = calls;
  }

  async stat(path: string): Promise<FileEntry> {
    return (await this.#calls.ask("stat", { path })).head;
  }

  async list(path: string, { recursive, after, max }: Parameters<SandboxFiles["list"]>[1]) {
    // Names that look the same stay on one page, so there may be more than `max`.
    return (await this.#calls.ask("list", { path, recursive, after: after ?? null, max })).head;
  }

  async read(path: string): Promise<{ entry: FileEntry; content: AsyncIterable<Buffer> }> {
    const { handle, bytes, modifiedMs, mode } = (await this.#calls.ask("read", { path })).head;
    return {
      entry: { path, type: "file", bytes, modifiedMs, mode },
      content: new FileContent(this.#calls, handle, bytes),
    };
  }

  /** A small file goes in one call, a larger one in pieces, the file put in place at the end. */
  async write(
    path: string,
    content: AsyncIterable<Buffer>,
    mode: number,
  ): Promise<{ created: boolean; bytes: number }> {
    const pieces = inPieces(content);
    try {
      const first = await pieces.next();
      if (first.done) return await this.#put(path, mode, Buffer.alloc(0));
      const second = await pieces.next();
      if (second.done && fitsCall({ op: "put", path, mode }, first.value.length)) {
        return await this.#put(path, mode, first.value);
      }
      return await this.#writeLarge(
        path,
        mode,
        second.done ? [first.value] : [first.value, second.value],
        pieces,
      );
    } finally {
      await pieces.return(undefined);
    }
  }

  async makeFolder(path: string): Promise<void> {
    await this.#calls.ask("folder", { path });
  }

  async remove(path: string, { recursive }: { recursive: boolean }): Promise<number> {
    return (await this.#calls.ask("remove", { path, recursive })).head.removed;
  }

  async #put(path: string, mode: number, content: Buffer) {
    const { head } = await this.#calls.ask("put", { path, mode }, content);
    return { created: head.created, bytes: content.length };
  }

  async #writeLarge(path: string, mode: number, first: Buffer[], rest: AsyncGenerator<Buffer>) {
    const { handle } = (await this.#calls.ask("write", { path, mode, makeFolders: true })).head;
    try {
      const bytes = await this.#append(handle, first, rest);
      const { head } = await this.#calls.ask("commit", { handle });
      return { created: head.created, bytes };
    } catch (error) {
      this.#calls.drop(handle);
      throw error;
    }
  }

  async #append(handle: number, first: Buffer[], rest: AsyncGenerator<Buffer>): Promise<number> {
    let bytes = 0;
    const underWay: Promise<unknown>[] = [];
    const add = async (piece: Buffer) => {
      bytes += piece.length;
      if (underWay.length >= ABREAST) await underWay.shift();
      const asked = this.#calls.ask("append", { handle }, piece);
      // Whoever awaits it hears of its failure; until then nobody is there to.
      asked.catch(() => {});
      underWay.push(asked);
    };
    for (const piece of first) await add(piece);
    for await (const piece of rest) await add(piece);
    await Promise.all(underWay);
    return bytes;
  }
}

/** The same bytes, cut to what one call takes; small parts are put together. */
async function* inPieces(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const part of content) {
    held.push(part);
    size += part.length;
    if (size < PIECE_BYTES) continue;
    const all = Buffer.concat(held);
    const whole = size - (size % PIECE_BYTES);
    for (let at = 0; at < whole; at += PIECE_BYTES) yield all.subarray(at, at + PIECE_BYTES);
    held = [all.subarray(whole)];
    size -= whole;
  }
  if (size > 0) yield Buffer.concat(held);
}
