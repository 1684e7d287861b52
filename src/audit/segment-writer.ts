import { closeSync, fdatasync, fdatasyncSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { syncFolder } from "./folder.ts";

export type WriteBytes = (fd: number, bytes: Buffer) => number;

const syncData = promisify(fdatasync);

/** Adds whole lines to one file. What was written in part is taken back before anything else is written. */
export class SegmentWriter {
  readonly #fd: number;
  readonly #write: WriteBytes;
  #bytes: number;
  #torn = false;
  #dirty = false;
  #syncing: Promise<void> | undefined;

  constructor(path: string, write: WriteBytes = writeSync) {
    this.#fd = openSync(path, "a", 0o600);
    this.#write = write;
    this.#bytes = fstatSync(this.#fd).size;
    if (this.#bytes === 0) syncFolder(dirname(path));
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Throws when not all of it could be written; then nothing of it is there, or will be read. */
  append(line: string, { synced = false }: { synced?: boolean } = {}): void {
    if (this.#torn) this.#takeBack();
    const bytes = Buffer.from(`${line}\n`);
    this.#torn = true;
    try {
      const written = this.#write(this.#fd, bytes);
      if (written < bytes.length) throw new Error(`${written} of ${bytes.length} bytes were written`);
      if (synced) fdatasyncSync(this.#fd);
    } catch (error) {
      this.#takeBack();
      throw error;
    }
    this.#torn = false;
    this.#dirty ||= !synced;
    this.#bytes += bytes.length;
  }

  /** What was appended until now is on the disk when it resolves. */
  async sync(): Promise<void> {
    if (!this.#dirty) return;
    this.#dirty = false;
    this.#syncing = syncData(this.#fd);
    try {
      await this.#syncing;
    } catch (error) {
      this.#dirty = true;
      throw error;
    } finally {
      this.#syncing = undefined;
    }
  }

  syncNow(): void {
    fdatasyncSync(this.#fd);
    this.#dirty = false;
  }

  close(): void {
    const close = () => closeSync(this.#fd);
    if (this.#syncing !== undefined) void this.#syncing.then(close, close);
    else close();
  }

  #takeBack(): void {
    ftruncateSync(this.#fd, this.#bytes);
    this.#torn = false;
  }
}
