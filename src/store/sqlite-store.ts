import type { Clock } from "../engine/ports/clock.ts";
import type { ProofStore } from "../engine/ports/proof-store.ts";
import type {
  CohortStore,
  ExecutionStore,
  IdempotencyStore,
  KeyStore,
  SessionStore,
  TenantStore,
} from "../engine/ports/stores.ts";
import { SqliteCohortStore } from "./cohort-store.ts";
import { Database, type Write } from "./database.ts";
import { SqliteExecutionStore } from "./execution-store.ts";
import { SqliteIdempotencyStore } from "./idempotency-store.ts";
import { SqliteKeyStore } from "./key-store.ts";
import { SqliteProofStore } from "./proof-store.ts";
import { SqliteSessionStore } from "./session-store.ts";
import { SqliteTenantStore } from "./tenant-store.ts";

/** Written to see whether there is room for executions at all. */
const PROBE_BYTES = 64 * 1024;
/** Given back to the disk in one go, of 4 KiB: the service stands still for it, for some 100 ms. */
const VACUUM_PAGES = 2000;

interface StoreOptions {
  file: string;
  synchronous: "NORMAL" | "FULL";
  /** Executions together; the oldest go first. */
  maxBytes: number;
  clock: Pick<Clock, "now">;
}

/** From when on things are kept; in milliseconds since 1970 but for the day. */
interface Retention {
  /** By when it was made. */
  executionsBefore: number;
  /** By when it ended. */
  sessionsEndedBefore: number;
  /** By when it was made; those with sessions on record stay. */
  cohortsBefore: number;
  /** By when it was made; those that run stay. */
  proofsBefore: number;
  idempotencyBefore: number;
  /** For example "2026-11-23" (UTC). */
  usageBeforeDay: string;
}

/** All that survives the end of the process, in one SQLite file. */
export class SqliteStore {
  readonly executions: ExecutionStore;
  readonly sessions: SessionStore;
  readonly idempotency: IdempotencyStore;
  readonly keys: KeyStore;
  readonly tenants: TenantStore;
  readonly cohorts: CohortStore;
  readonly proofs: ProofStore;
  readonly #database: Database;
  readonly #clock: Pick<Clock, "now">;
  readonly #probe: Write;

  constructor({ file, synchronous, maxBytes, clock }: StoreOptions) {
    const database = new Database({ file, synchronous });
    this.#database = database;
    this.#clock = clock;
    this.#probe = database.write(
      "INSERT OR REPLACE INTO probe (id, at, filler) VALUES (1, $at, zeroblob($bytes))",
    );
    this.executions = new SqliteExecutionStore(database, maxBytes);
    this.sessions = new SqliteSessionStore(database);
    this.idempotency = new SqliteIdempotencyStore(database, clock);
    this.keys = new SqliteKeyStore(database);
    this.tenants = new SqliteTenantStore(database);
    this.cohorts = new SqliteCohortStore(database);
    this.proofs = new SqliteProofStore(database);
  }

  /** Throws `store_unavailable` when nothing can be written. */
  check(): void {
    this.#probe({ at: this.#clock.now(), bytes: PROBE_BYTES });
  }

  /** Removes what is past its time and gives room back to the disk. */
  prune(retention: Retention): void {
    this.executions.prune(retention.executionsBefore);
    this.executions.pruneKept(this.#clock.now());
    this.sessions.prune(retention.sessionsEndedBefore);
    this.cohorts.prune(retention.cohortsBefore);
    this.proofs.prune(retention.proofsBefore);
    this.idempotency.prune(retention.idempotencyBefore);
    this.tenants.prune(retention.usageBeforeDay);
    this.#database.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES}); PRAGMA wal_checkpoint(TRUNCATE);`);
  }

  close(): void {
    this.#database.close();
  }
}
