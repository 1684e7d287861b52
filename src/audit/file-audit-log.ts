import { unlinkSync } from "node:fs";
import { join } from "node:path";
import type { NewAuditEvent } from "../domain/audit-event.ts";
import { ServiceError } from "../domain/errors.ts";
import { createAuditEventId } from "../domain/ids.ts";
import type { AuditLog } from "../engine/ports/audit-log.ts";
import type { Clock } from "../engine/ports/clock.ts";
import type { Signer } from "../engine/ports/signer.ts";
import { safeText, sealRecord } from "../integrity/audit-record.ts";
import { type AuditRemoval, signStatement, trustKeys } from "../integrity/audit-statement.ts";
import { leafHash } from "../integrity/merkle.ts";
import { AuditFileReader } from "./audit-file-reader.ts";
import { claimAuditFolder, REMOVALS, type Segment, segmentOf } from "./folder.ts";
import { HeadWriter } from "./head-writer.ts";
import { type Recovered, recover } from "./recover.ts";
import { agedSegments } from "./retention.ts";
import { SegmentWriter, type WriteBytes } from "./segment-writer.ts";

export interface AuditLogOptions {
  folder: string;
  /** A file outside of the folder: it has the last signed head, which the log must not be behind. */
  keptHead: string;
  signer: Signer;
  /** PEMs of the keys that signed before, and of the one that signs now. */
  trusted: readonly string[];
  clock: Clock;
  /** Whether each record is synced to the disk before `append` returns, or all within a second. */
  sync: "normal" | "full";
  /** A segment is full with so many bytes. */
  segmentBytes: number;
  /** Whole segments go when their last record is older; undefined keeps all. */
  retentionMs?: number | undefined;
  onFault(error: unknown): void;
  write?: WriteBytes;
}

/**
 * Records in files: one line each, chained by hashes, with a tree over all of them whose root is signed from time to
 * time. Segments are only ever added to, and removed as a whole. One process writes.
 */
export class FileAuditLog implements AuditLog {
  readonly reader: AuditFileReader;
  readonly #options: AuditLogOptions;
  readonly #recovered: Recovered;
  #segments: Segment[];
  #writer: SegmentWriter;
  readonly #heads: HeadWriter;
  #lastHash: string;
  /** Times never go back, whatever the clock does: a reader relies on their order. */
  #lastTime: number;
  /** Records that were refused since the last one that could be written. */
  #refused = 0;

  /** Checks what is there and goes on from it. Throws an Error when it is not whole. */
  constructor(options: AuditLogOptions) {
    const { folder, keptHead, trusted, write } = options;
    this.#options = options;
    claimAuditFolder(folder);
    this.#recovered = recover(folder, keptHead, trustKeys(trusted));
    const { segments, lastHash, lastTime, signed, cutBytes, cutTo, unproven } = this.#recovered;
    this.#segments = segments.length > 0 ? segments : [segmentOf(folder, this.#nextNumber(segments))];
    this.#writer = new SegmentWriter(this.#current().path, write);
    this.#heads = new HeadWriter(options, signed);
    this.#lastHash = lastHash;
    this.#lastTime = lastTime;
    this.reader = new AuditFileReader({
      folder,
      segments: () => this.#segments,
      bytes: () => this.#writer.bytes,
      tree: this.#recovered.tree,
      removedThrough: () => this.#recovered.removedThrough,
    });
    // Before the first record: from then on records without a head are none of ours.
    if (!signed.kept) this.#writeHead();
    if (cutBytes > 0 || unproven > 0) {
      this.append(ofService("audit.repaired", { cutBytes, cutTo: cutTo.join(" "), unproven }));
    }
  }

  append(event: NewAuditEvent): void {
    try {
      this.#resume();
      this.#add(event);
    } catch (error) {
      this.#refused += 1;
      throw unavailable(error);
    }
    this.#afterwards(() => {
      if (this.#writer.bytes >= this.#options.segmentBytes) this.#rotate();
      if (this.#heads.isDue(this.#size)) this.#writeHead();
    });
  }

  /** Throws `audit_unavailable` where records were refused and still are. */
  check(): void {
    try {
      this.#resume();
    } catch (error) {
      throw unavailable(error);
    }
  }

  /** To be called each second: syncs what came, signs a head, removes what is past its time. */
  async tick(): Promise<void> {
    try {
      await this.#writer.sync();
    } catch (error) {
      // Nobody knows what of it is on the disk: nothing more is taken before another sync has worked.
      this.#refused ||= 1;
      throw error;
    }
    if (this.#heads.isOld) this.signHead();
  }

  /** Signs a head where something came since the last. */
  signHead(): void {
    if (this.#size > this.#heads.size) this.#writeHead();
  }

  /** Removes whole segments whose last record is past its time, and signs what was removed. */
  prune(): void {
    const { retentionMs, clock, folder, signer } = this.#options;
    if (retentionMs === undefined) return;
    const aged = agedSegments(this.#segments.slice(0, -1), clock.now() - retentionMs);
    if (!aged) return;
    const { through, hash, segment } = aged;
    const removal = signStatement<AuditRemoval>(
      {
        kind: "audit-removal",
        v: 1,
        segment,
        through,
        lastHash: hash,
        peaks: this.#recovered.tree.peaks(through).map((peak) => peak.toString("hex")),
        time: new Date(clock.now()).toISOString(),
      },
      signer,
    );
    // Recorded before it is stated, stated before it is done.
    this.append(ofService("audit.removed", { through, segments: `to ${segment}` }));
    const removals = new SegmentWriter(join(folder, REMOVALS));
    removals.append(JSON.stringify(removal));
    removals.syncNow();
    removals.close();
    this.#recovered.removedThrough = through;
    const gone = this.#segments.filter(({ number }) => number <= segment);
    this.#segments = this.#segments.filter(({ number }) => number > segment);
    for (const { path } of gone) unlinkSync(path);
  }

  /** With a head over all that is there. */
  close(): void {
    this.#afterwards(() => this.signHead());
    this.#writer.close();
    this.#heads.close();
    this.#recovered.tree.close();
  }

  get #size(): number {
    return this.#recovered.tree.leaves;
  }

  #current(): Segment {
    const segment = this.#segments.at(-1);
    if (!segment) throw new Error("an audit log has a segment");
    return segment;
  }

  #nextNumber(segments: readonly Segment[]): number {
    return (segments.at(-1)?.number ?? this.#recovered.removedSegment) + 1;
  }

  #add({ type, tenant, actor, subject, data }: NewAuditEvent): void {
    const { clock, sync } = this.#options;
    const now = clock.now();
    const time = Math.max(now, this.#lastTime);
    const { line, hash } = sealRecord({
      v: 1,
      seq: this.#size + 1,
      id: createAuditEventId(now),
      time: new Date(time).toISOString(),
      type,
      tenant: tenant === null ? null : safeText(tenant),
      actor: actor && { keyId: safeText(actor.keyId), role: safeText(actor.role) },
      subject: safeTexts(subject),
      data: safeTexts(data),
      prev: this.#lastHash,
    });
    this.#writer.append(line, { synced: sync === "full" });
    this.#recovered.tree.push(leafHash(line));
    this.#lastHash = hash;
    this.#lastTime = time;
  }

  /** A head that is due comes first. The first record after others were refused says how many. */
  #resume(): void {
    if (this.#heads.isDue(this.#size)) this.#writeHead();
    if (this.#refused === 0) return;
    this.#writer.syncNow();
    this.#add(ofService("audit.resumed", { refused: this.#refused }));
    this.#refused = 0;
  }

  #writeHead(): void {
    // Nothing is signed that a power cut could still take away.
    this.#writer.syncNow();
    this.#heads.write(this.#recovered.tree, this.#lastHash);
  }

  #rotate(): void {
    const { folder, write } = this.#options;
    const next = segmentOf(folder, this.#nextNumber(this.#segments));
    this.#add(ofService("audit.rotated", { next: next.name }));
    this.#writeHead();
    const writer = new SegmentWriter(next.path, write);
    this.#writer.close();
    this.#writer = writer;
    this.#segments = [...this.#segments, next];
  }

  /** What comes after a record is no part of it: where that fails, the record stands, and it is tried again. */
  #afterwards(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#options.onFault(error);
    }
  }
}

const ofService = (type: NewAuditEvent["type"], data: NewAuditEvent["data"]): NewAuditEvent => ({
  type,
  tenant: null,
  actor: null,
  subject: {},
  data,
});

const unavailable = (cause: unknown) =>
  new ServiceError("audit_unavailable", "The audit log cannot be written", { cause, retryAfterSeconds: 5 });

const safeTexts = <Value>(record: Record<string, Value>): Record<string, Value> =>
  Object.fromEntries(
    Object.entries(record).map(([key, value]) => [
      key,
      (typeof value === "string" ? safeText(value) : value) as Value,
    ]),
  );
