import { join } from "node:path";
import type { Clock } from "../engine/ports/clock.ts";
import type { Signer } from "../engine/ports/signer.ts";
import { HEAD_RECORDS } from "../integrity/audit-checker.ts";
import { type AuditHead, signStatement } from "../integrity/audit-statement.ts";
import { HEADS } from "./folder.ts";
import { keepHead } from "./kept-head.ts";
import type { Signed } from "./recover.ts";
import { SegmentWriter, type WriteBytes } from "./segment-writer.ts";
import type { TreeFile } from "./tree-file.ts";

export interface HeadWriterOptions {
  folder: string;
  /** Where the last head is kept, outside of the folder. */
  keptHead: string;
  signer: Signer;
  clock: Clock;
  write?: WriteBytes | undefined;
}

const HEAD_MS = 10_000;

/** Signs how far the log went, writes it beside the records and keeps the last of it elsewhere. */
export class HeadWriter {
  readonly #options: HeadWriterOptions;
  readonly #writer: SegmentWriter;
  #last: AuditHead | undefined;
  /** Records that the last head speaks for that is on disk in both places. */
  #size: number;
  #at: number;

  constructor(options: HeadWriterOptions, { head, kept }: Signed) {
    this.#options = options;
    this.#writer = new SegmentWriter(join(options.folder, HEADS), options.write);
    this.#last = head;
    this.#size = kept?.treeSize ?? 0;
    this.#at = options.clock.monotonic();
  }

  get size(): number {
    return this.#size;
  }

  /** Whether so many records must not grow before a head speaks for them. */
  isDue(records: number): boolean {
    return records - this.#size >= (this.#size === 0 ? 1 : HEAD_RECORDS);
  }

  get isOld(): boolean {
    return this.#options.clock.monotonic() - this.#at >= HEAD_MS;
  }

  /** The records have to be on the disk. Throws where the head can't be written to both places. */
  write(tree: TreeFile, lastHash: string): void {
    const head = this.#last?.treeSize === tree.leaves ? this.#last : this.#sign(tree, lastHash);
    keepHead(this.#options.keptHead, head);
    this.#size = head.treeSize;
    this.#at = this.#options.clock.monotonic();
  }

  close(): void {
    this.#writer.close();
  }

  #sign(tree: TreeFile, lastHash: string): AuditHead {
    const { clock, signer } = this.#options;
    const head = signStatement<AuditHead>(
      {
        kind: "audit-head",
        v: 1,
        treeSize: tree.leaves,
        rootHash: `sha256:${tree.root().toString("hex")}`,
        lastHash,
        time: new Date(clock.now()).toISOString(),
      },
      signer,
    );
    tree.flush();
    // Synced, so that the one that is kept is never ahead of it.
    this.#writer.append(JSON.stringify(head), { synced: true });
    this.#last = head;
    return head;
  }
}
