/** One SQLite file: how it is opened and written, all or nothing, and how its failures are told. */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { z } from "zod";
import { ServiceError } from "../domain/errors.ts";
import { migrations } from "./migrations.ts";

/** The write-ahead log is cut back to this after a checkpoint, however large a burst made it. */
const WAL_BYTES = 64 * 1024 * 1024;
/** Waiting for a lock holds up everything else in the process, so it is short. */
const BUSY_MS = 200;
const CACHE_KIB = 16 * 1024;
/** Of 4 KiB, until the log is carried over into the file: fewer, longer pauses, with a disk sync in each. */
const CHECKPOINT_PAGES = 4000;

const versionSchema = z.object({ user_version: z.number() });

/** For the `$names` of a statement. */
type Values = Record<string, SQLInputValue>;
/** Returns how many rows it changed. */
export type Write = (values: Values) => number;
export type First<Row> = (values: Values) => Row | undefined;
export type All<Row> = (values: Values) => Row[];

interface DatabaseOptions {
  file: string;
  synchronous: "NORMAL" | "FULL";
}

/**
 * WAL mode. With `synchronous=NORMAL` there is no sync for each commit: what was saved survives a killed
 * service; after a power cut the last moments may be missing, the file is whole. docs/operations.md says
 * how to choose FULL. What is removed is overwritten with zeros; the write-ahead log may have it until it is cut
 * back. Whatever SQLite refuses is `store_unavailable`.
 */
export class Database {
  readonly #db: DatabaseSync;
  readonly #begin: Write;
  readonly #commit: Write;

  constructor({ file, synchronous }: DatabaseOptions) {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    this.#db = new DatabaseSync(file, { timeout: BUSY_MS, enableForeignKeyConstraints: true });
    try {
      // auto_vacuum takes effect in a new file only, so it comes first.
      this.exec(`
        PRAGMA auto_vacuum=INCREMENTAL;
        PRAGMA journal_mode=WAL;
        PRAGMA synchronous=${synchronous};
        PRAGMA cache_size=-${CACHE_KIB};
        PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES};
        PRAGMA journal_size_limit=${WAL_BYTES};
        PRAGMA secure_delete=ON;`);
      this.#begin = this.write("BEGIN IMMEDIATE");
      this.#commit = this.write("COMMIT");
      this.#migrate();
    } catch (error) {
      this.#db.close();
      throw error;
    }
  }

  /** Prepares once, for as many calls as come. */
  write(sql: string): Write {
    const statement = translated(() => this.#db.prepare(sql));
    return (values) => translated(() => Number(statement.run(values).changes));
  }

  /** Only for reading: it stops at the row, before a commit could fail. */
  first<Row>(sql: string, row: z.ZodType<Row>): First<Row> {
    const statement = translated(() => this.#db.prepare(sql));
    return (values) => {
      const found = translated(() => statement.get(values));
      return found && row.parse(found);
    };
  }

  /** With RETURNING also for writing. */
  all<Row>(sql: string, row: z.ZodType<Row>): All<Row> {
    const statement = translated(() => this.#db.prepare(sql));
    return (values) => translated(() => statement.all(values)).map((found) => row.parse(found));
  }

  /** All that `work` wrote is kept, or nothing where it or the end of it throws. */
  transaction<Result>(work: () => Result): Result {
    this.#begin({});
    try {
      const result = work();
      this.#commit({});
      return result;
    } catch (error) {
      // A full disk may have made SQLite roll back by itself.
      if (this.#db.isTransaction) this.exec("ROLLBACK");
      throw error;
    }
  }

  /** For what is done seldom. */
  exec(sql: string): void {
    translated(() => this.#db.exec(sql));
  }

  close(): void {
    this.#db.close();
  }

  /** Brings the file forward, all of it or nothing. */
  #migrate(): void {
    this.transaction(() => {
      const { user_version = 0 } = this.first("PRAGMA user_version", versionSchema)({}) ?? {};
      if (user_version > migrations.length) {
        throw new Error(`The store was written by a newer version of Cloche (schema ${user_version})`);
      }
      for (const sql of migrations.slice(user_version)) this.exec(sql);
      this.exec(`PRAGMA user_version=${migrations.length}`);
    });
  }
}

const translated = <Result>(work: () => Result): Result => {
  try {
    return work();
  } catch (cause) {
    if (!isSqliteError(cause)) throw cause;
    throw new ServiceError("store_unavailable", toMessage(cause), { cause, retryAfterSeconds: 1 });
  }
};

interface SqliteError extends Error {
  /** https://www.sqlite.org/rescode.html; there is none where the database was closed. */
  errcode?: number;
}

const isSqliteError = (error: unknown): error is SqliteError =>
  error instanceof Error &&
  "code" in error &&
  (error.code === "ERR_SQLITE_ERROR" || error.code === "ERR_INVALID_STATE");

const BUSY = 5;
const FULL = 13;

const toMessage = ({ errcode = 0 }: SqliteError): string => {
  // The low byte is the kind, the others tell more of it.
  const kind = errcode & 0xff;
  if (kind === BUSY) return "The store is locked by another program";
  if (kind === FULL) return "The store has no room left";
  return "The store can't be used";
};
