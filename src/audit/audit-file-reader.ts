import { join } from "node:path";
import type { AuditEvent, AuditHead, ConsistencyProof, InclusionProof } from "../domain/audit-event.ts";
import { ServiceError } from "../domain/errors.ts";
import type { AuditQuery, AuditReader } from "../engine/ports/audit-log.ts";
import type { Page } from "../engine/ports/stores.ts";
import { openHead } from "../integrity/audit-statement.ts";
import { consistencyPath, inclusionPath, placeOf } from "../integrity/merkle.ts";
import { type Place, parseCursor, toCursor } from "./cursor.ts";
import { HEADS, linesBackwards, type Segment, sizeOf } from "./folder.ts";
import type { TreeFile } from "./tree-file.ts";

export interface ReaderParts {
  folder: string;
  /** Oldest first. */
  segments(): readonly Segment[];
  /** Of the last segment: what stands behind is not written yet. */
  bytes(): number;
  tree: TreeFile;
  removedThrough(): number;
}

/** How much is read for one page: it is read while everybody else waits. */
const MOST_BYTES = 8 * 1024 * 1024;

/** What can be asked of the files while they are written. */
export class AuditFileReader implements AuditReader {
  readonly #parts: ReaderParts;

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  events(visibleTo: string | undefined, query: AuditQuery): Page<AuditEvent> {
    const isAsked = matcherOf(visibleTo, query);
    const items: AuditEvent[] = [];
    let read = 0;
    for (const { segment, offset, text } of this.#backwardsFrom(query.cursor)) {
      read += text.length;
      const event = isAsked(text);
      if (event === "over") return { items, nextCursor: null };
      if (event) items.push(event);
      if ((items.length === query.limit || read > MOST_BYTES) && this.#hasBefore(segment, offset)) {
        return { items, nextCursor: toCursor({ segment, offset }) };
      }
      if (items.length === query.limit) break;
    }
    return { items, nextCursor: null };
  }

  heads(limit: number): AuditHead[] {
    const path = join(this.#parts.folder, HEADS);
    const heads: AuditHead[] = [];
    for (const { text } of linesBackwards(path, sizeOf(path))) {
      const head = openHead(text, undefined);
      if (typeof head !== "string") heads.push(head);
      if (heads.length === limit) break;
    }
    return heads;
  }

  inclusion(seq: number, treeSize: number = this.#parts.tree.leaves): InclusionProof {
    const { tree } = this.#parts;
    this.#assertThere(seq, treeSize);
    return {
      seq,
      treeSize,
      leafHash: toText(tree.read(placeOf(seq - 1, 1))),
      rootHash: toText(tree.root(treeSize)),
      path: inclusionPath(seq - 1, treeSize, tree.read).map(toText),
    };
  }

  consistency(from: number, to: number = this.#parts.tree.leaves): ConsistencyProof {
    const { tree } = this.#parts;
    this.#assertThere(from, to);
    return {
      from,
      to,
      fromRootHash: toText(tree.root(from)),
      toRootHash: toText(tree.root(to)),
      path: consistencyPath(from, to, tree.read).map(toText),
    };
  }

  #assertThere(seq: number, treeSize: number): void {
    const { tree, removedThrough } = this.#parts;
    if (seq > removedThrough() && seq <= treeSize && treeSize <= tree.leaves) return;
    const there = `the audit log has the records ${removedThrough() + 1} to ${tree.leaves}`;
    throw new ServiceError("not_found", `There is no proof of ${seq} in ${treeSize}: ${there}`);
  }

  *#backwardsFrom(cursor: string | undefined): Generator<Place & { text: string }> {
    const from = cursor === undefined ? undefined : parseCursor(cursor);
    const last = this.#parts.segments().at(-1)?.number;
    for (const { number, path } of this.#parts.segments().toReversed()) {
      if (from && number > from.segment) continue;
      const size = number === last ? this.#parts.bytes() : sizeOf(path);
      const end = number === from?.segment ? Math.min(from.offset, size) : size;
      for (const { text, offset } of linesBackwards(path, end)) yield { segment: number, offset, text };
    }
  }

  #hasBefore(segment: number, offset: number): boolean {
    return offset > 0 || segment > (this.#parts.segments()[0]?.number ?? 0);
  }
}

const toText = (hash: Buffer) => `sha256:${hash.toString("hex")}`;

/** Parses only what may be asked for. "over": everything that stands before is older still, as times never go back. */
const matcherOf = (visibleTo: string | undefined, { type, subject, after, before }: AuditQuery) => {
  const needles = [
    ...(visibleTo === undefined ? [] : [`"tenant":${JSON.stringify(visibleTo)}`]),
    ...(type === undefined ? [] : [`"type":${JSON.stringify(type)}`]),
    ...(subject === undefined ? [] : [JSON.stringify(subject)]),
  ];
  return (text: string): AuditEvent | "over" | undefined => {
    if (after === undefined && !needles.every((needle) => text.includes(needle))) return;
    const event = parse(text);
    if (!event) return;
    const time = Date.parse(event.time);
    if (after !== undefined && time < after) return "over";
    if (before !== undefined && time > before) return;
    if (visibleTo !== undefined && event.tenant !== visibleTo) return;
    if (type !== undefined && event.type !== type) return;
    if (subject !== undefined && !Object.values(event.subject).includes(subject)) return;
    return event;
  };
};

/** A place that no line begins at gives text that is none of ours. */
const parse = (text: string): AuditEvent | undefined => {
  try {
    return JSON.parse(text);
  } catch {
    return;
  }
};
