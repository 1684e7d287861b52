import { z } from "zod";
import type { CohortStore, StoredCohort } from "../engine/ports/stores.ts";
import type { Database, First, Write } from "./database.ts";

const bodySchema = z.object({ body: z.string() });

const storedCohortSchema = z.object({
  id: z.string(),
  tenant: z.string(),
  createdAt: z.string(),
  sessionIds: z.array(z.string()),
});

export class SqliteCohortStore implements CohortStore {
  readonly #save: Write;
  readonly #find: First<z.infer<typeof bodySchema>>;
  readonly #prune: Write;

  constructor(database: Database) {
    this.#save = database.write(
      `INSERT INTO cohorts (id, tenant, created_at, body) VALUES ($id, $tenant, $createdAt, $body)
       ON CONFLICT (id) DO UPDATE SET body = $body`,
    );
    this.#find = database.first(
      "SELECT body FROM cohorts WHERE id = $id AND ($visibleTo IS NULL OR tenant = $visibleTo)",
      bodySchema,
    );
    // A cohort is found for as long as any of its sessions is.
    this.#prune = database.write(
      `DELETE FROM cohorts WHERE created_at < $olderThan
       AND NOT EXISTS (SELECT 1 FROM sessions WHERE cohort_id = cohorts.id)`,
    );
  }

  save(cohort: StoredCohort): void {
    const { id, tenant, createdAt } = cohort;
    this.#save({ id, tenant, createdAt: Date.parse(createdAt), body: JSON.stringify(cohort) });
  }

  find(visibleTo: string | undefined, id: string): StoredCohort | undefined {
    const found = this.#find({ id, visibleTo: visibleTo ?? null });
    return found && storedCohortSchema.parse(JSON.parse(found.body));
  }

  prune(olderThan: number): number {
    return this.#prune({ olderThan });
  }
}
