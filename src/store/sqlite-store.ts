import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { z } from "zod";
import { ServiceError } from "../domain/errors.ts";
import { type Execution, executionSchema } from "../domain/execution.ts";
import type { ExecutionStore } from "../engine/ports.ts";

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
   CREATE INDEX executions_by_age ON executions (created_at);`,
];

const rowSchema = z.object({ body: z.string() });
const sizeSchema = z.object({ total: z.number() });
const versionSchema = z.object({ user_version: z.number() });

/**
 * Executions in one SQLite file in WAL mode. `synchronous=NORMAL` without a sync for each commit:
 * what was saved survives a killed service; after a power cut the last moments may be missing,
 * the file is whole. docs/operations.md says how to choose FULL.
 */
export class SqliteStore implements ExecutionStore {
  readonly #db: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #select: StatementSync;

  constructor(file: string, synchronous: "NORMAL" | "FULL") {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(file);
    this.#db.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=${synchronous}; PRAGMA busy_timeout=2000;`);
    this.#migrate();
    this.#insert = this.#db.prepare(
      "INSERT INTO executions (id, tenant, created_at, outcome, bytes, body) VALUES (?, ?, ?, ?, ?, ?)",
    );
    this.#select = this.#db.prepare("SELECT body FROM executions WHERE id = ? AND tenant = ?");
  }

  save(tenant: string, execution: Execution): void {
    const body = JSON.stringify(execution);
    const createdAt = Date.parse(execution.createdAt);
    try {
      this.#insert.run(
        execution.id,
        tenant,
        createdAt,
        execution.observation.outcome,
        Buffer.byteLength(body),
        body,
      );
    } catch (error) {
      throw new ServiceError("internal", "The execution could not be stored, so it is not acknowledged", {
        cause: error,
      });
    }
  }

  find(tenant: string, id: string): Execution | undefined {
    const row = this.#select.get(id, tenant);
    return row && executionSchema.parse(JSON.parse(rowSchema.parse(row).body));
  }

  prune(olderThan: number, maxBytes: number): number {
    const aged = this.#db.prepare("DELETE FROM executions WHERE created_at < ?").run(olderThan);
    const { total } = sizeSchema.parse(
      this.#db.prepare("SELECT coalesce(sum(bytes), 0) AS total FROM executions").get(),
    );
    if (total <= maxBytes) return Number(aged.changes);
    const oldest = this.#db
      .prepare(
        `DELETE FROM executions WHERE id IN (
           SELECT id FROM (
             SELECT id, sum(bytes) OVER (ORDER BY created_at DESC, id DESC) AS kept FROM executions
           ) WHERE kept > ?
         )`,
      )
      .run(maxBytes);
    return Number(aged.changes) + Number(oldest.changes);
  }

  /** Throws when the file can't be used. */
  check(): void {
    try {
      this.#db.prepare("SELECT count(*) FROM (SELECT 1 FROM executions LIMIT 1)").get();
    } catch (cause) {
      throw new ServiceError("internal", "the store can't be read", { cause });
    }
  }

  close(): void {
    this.#db.close();
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
