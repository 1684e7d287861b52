import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";
import { ServiceError } from "../domain/errors.ts";
import type { Execution } from "../domain/execution.ts";
import type { ExecutionStore, StoredExecution } from "../engine/ports.ts";

/**
 * Each step is run once, in order; `user_version` counts them. Never change one that was released.
 */
const migrations = [
  `CREATE TABLE executions (
     id TEXT PRIMARY KEY,
     tenant TEXT NOT NULL,
     created_at INTEGER NOT NULL,
     outcome TEXT NOT NULL,
     bytes INTEGER NOT NULL,
     body TEXT NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX executions_by_age ON executions (created_at, id, bytes);
   CREATE TABLE probe (id INTEGER PRIMARY KEY, at INTEGER NOT NULL, filler BLOB NOT NULL) STRICT;`,
];

const rowSchema = z.object({ body: z.string() });
const sizeSchema = z.object({ total: z.number() });
const oldSchema = z.object({ id: z.string(), bytes: z.number() });
const versionSchema = z.object({ user_version: z.number() });

/** The write-ahead log is cut back to this after a checkpoint, however large a burst made it. */
const WAL_BYTES = 64 * 1024 * 1024;
/** Written to see whether there is room for executions at all. */
const PROBE_BYTES = 64 * 1024;

interface StoreOptions {
  file: string;
  synchronous: "NORMAL" | "FULL";
  /** Executions together; the oldest go first. */
  maxBytes: number;
}

/**
 * Executions in one SQLite file in WAL mode. `synchronous=NORMAL` without a sync for each commit:
 * what was saved survives a killed service; after a power cut the last moments may be missing,
 * the file is whole. docs/operations.md says how to choose FULL.
 */
export class SqliteStore implements ExecutionStore {
  readonly #db: DatabaseSync;
  readonly #maxBytes: number;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;
  #bytes: number;

  constructor({ file, synchronous, maxBytes }: StoreOptions) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(file);
    this.#maxBytes = maxBytes;
    // auto_vacuum takes effect in a new file only, so it comes first.
    this.#db.exec(`
      PRAGMA auto_vacuum=INCREMENTAL;
      PRAGMA journal_mode=WAL;
      PRAGMA synchronous=${synchronous};
      PRAGMA busy_timeout=2000;
      PRAGMA journal_size_limit=${WAL_BYTES};`);
    this.#migrate();
    this.#insert = this.#db.prepare(
      "INSERT INTO executions (id, tenant, created_at, outcome, bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#select = this.#db.prepare("SELECT body FROM executions WHERE id = ? AND tenant = ?");
    this.#bytes = this.#sum();
  }

  save(tenant: string, execution: Execution): StoredExecution {
    const body = JSON.stringify(execution);
    const bytes = Buffer.byteLength(body);
    const createdAt = Date.parse(execution.createdAt);
    try {
      this.#insert.run(execution.id, tenant, createdAt, execution.observation.outcome, bytes, body);
      this.#bytes += bytes;
      if (this.#bytes > this.#maxBytes) this.#dropOldest();
    } catch (error) {
      throw new ServiceError("internal", "The execution could not be stored, so it is not acknowledged", {
        cause: error,
      });
    }
    return body as StoredExecution;
  }

  find(tenant: string, id: string): StoredExecution | undefined {
    const row = this.#select.get(id, tenant);
    return row && (rowSchema.parse(row).body as StoredExecution);
  }

  prune(olderThan: number): number {
    const { changes } = this.#db.prepare("DELETE FROM executions WHERE created_at < ?").run(olderThan);
    this.#db.exec("PRAGMA incremental_vacuum; PRAGMA wal_checkpoint(TRUNCATE);");
    this.#bytes = this.#sum();
    return Number(changes);
  }

  /** Throws when nothing can be written. */
  check(): void {
    try {
      this.#db
        .prepare("INSERT OR REPLACE INTO probe (id, at, filler) VALUES (1, ?, zeroblob(?))")
        .run(Date.now(), PROBE_BYTES);
    } catch (cause) {
      throw new ServiceError("internal", "the store can't be written", { cause });
    }
  }

  close(): void {
    this.#db.close();
  }

  /** A tenth more than needed goes, so that the next saves needn't do it again. */
  #dropOldest(): void {
    const oldest = this.#db.prepare("SELECT id, bytes FROM executions ORDER BY created_at, id");
    const remove = this.#db.prepare("DELETE FROM executions WHERE id = ?");
    const goal = this.#maxBytes * 0.9;
    for (const row of oldest.all().map((found) => oldSchema.parse(found))) {
      if (this.#bytes <= goal) return;
      remove.run(row.id);
      this.#bytes -= row.bytes;
    }
  }

  #sum(): number {
    const row = this.#db.prepare("SELECT coalesce(sum(bytes), 0) AS total FROM executions").get();
    return sizeSchema.parse(row).total;
  }

  #migrate(): void {
    const { user_version } = versionSchema.parse(this.#db.prepare("PRAGMA user_version").get());
    if (user_version > migrations.length) {
      throw new Error(`The store was written by a newer version of Cloche (schema ${user_version})`);
    }
    for (const [index, sql] of migrations.entries()) {
      if (index >= user_version) {
        this.#db.exec(`BEGIN; ${sql} PRAGMA user_version=${index + 1}; COMMIT;`);
      }
    }
  }
}
