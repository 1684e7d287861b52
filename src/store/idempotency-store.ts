import { z } from "zod";
import type { Clock } from "../engine/ports/clock.ts";
import type { IdempotencyClaim, IdempotencyStore } from "../engine/ports/stores.ts";
import type { All, Database, Write } from "./database.ts";

const claimSchema = z.object({ claims: z.number(), ref: z.string(), body_hash: z.string() });

export class SqliteIdempotencyStore implements IdempotencyStore {
  readonly #clock: Pick<Clock, "now">;
  readonly #claim: All<z.infer<typeof claimSchema>>;
  readonly #settle: Write;
  readonly #release: Write;
  readonly #prune: Write;

  constructor(database: Database, clock: Pick<Clock, "now">) {
    this.#clock = clock;
    // One statement takes it or tells who has it: between two callers there is nothing to come in between.
    this.#claim = database.all(
      `INSERT INTO idempotency (tenant, scope, key, body_hash, ref, claims, created_at)
       VALUES ($tenant, $scope, $key, $bodyHash, $ref, 1, $now)
       ON CONFLICT (tenant, scope, key) DO UPDATE SET claims = claims + 1
       RETURNING claims, ref, body_hash`,
      claimSchema,
    );
    this.#settle = database.write(
      `UPDATE idempotency SET ref = $settled
       WHERE tenant = $tenant AND scope = $scope AND key = $key AND ref = $ref`,
    );
    // Of whoever came second nothing is there to be released.
    this.#release = database.write(
      "DELETE FROM idempotency WHERE tenant = $tenant AND scope = $scope AND key = $key AND ref = $ref",
    );
    this.#prune = database.write("DELETE FROM idempotency WHERE created_at < $olderThan");
  }

  claim({ tenant, scope, key, bodyHash, ref }: IdempotencyClaim): ReturnType<IdempotencyStore["claim"]> {
    const [row] = this.#claim({ tenant, scope, key, bodyHash, ref, now: this.#clock.now() });
    if (!row) throw new Error("A claim returned no row");
    return row.claims === 1
      ? { first: true }
      : { first: false, ref: row.ref, sameBody: row.body_hash === bodyHash };
  }

  settle({ tenant, scope, key, ref }: IdempotencyClaim, settled: string): void {
    this.#settle({ tenant, scope, key, ref, settled });
  }

  release({ tenant, scope, key, ref }: IdempotencyClaim): void {
    this.#release({ tenant, scope, key, ref });
  }

  prune(olderThan: number): number {
    return this.#prune({ olderThan });
  }
}
