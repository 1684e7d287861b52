import { z } from "zod";
import { controlSchema } from "../domain/controls.ts";
import { type Session, sessionSchema } from "../domain/session.ts";
import type { SandboxFacts } from "../engine/ports/runtime.ts";
import type { Page, SessionQuery, SessionStore, StoredSession } from "../engine/ports/stores.ts";
import type { All, Database, First, Write } from "./database.ts";
import { Pages } from "./pages.ts";
import { sessionSource, toSessionListing } from "./session-list.ts";

const bodySchema = z.object({ body: z.string() });
const pageRowSchema = z.object({ id: z.string(), created_at: z.number(), body: z.string() });
const liveSchema = z.object({
  body: z.string(),
  container_id: z.string().nullable(),
  env: z.string(),
  facts: z.string().nullable(),
});
const factsSchema: z.ZodType<SandboxFacts> = z.object({
  controls: z.record(controlSchema, z.boolean()),
  host: z.object({ kernel: z.string(), engine: z.string(), runtime: z.string() }),
});
const envSchema = z.record(z.string(), z.string());

const toSession = ({ body }: { body: string }): Session => sessionSchema.parse(JSON.parse(body));

export class SqliteSessionStore implements SessionStore {
  readonly #pages: Pages<z.infer<typeof pageRowSchema>>;
  readonly #save: Write;
  readonly #find: First<z.infer<typeof bodySchema>>;
  readonly #live: All<z.infer<typeof liveSchema>>;
  readonly #prune: Write;

  constructor(database: Database) {
    this.#pages = new Pages(database, sessionSource, pageRowSchema);
    // Whose it is and when it was made stay as they were.
    this.#save = database.write(
      `INSERT INTO sessions (id, tenant, created_at, state, cohort_id, ended_at, container_id, env, body, facts)
       VALUES ($id, $tenant, $createdAt, $state, $cohortId, $endedAt, $containerId, $env, $body, $facts)
       ON CONFLICT (id) DO UPDATE SET state = $state, cohort_id = $cohortId, ended_at = $endedAt,
         container_id = $containerId, env = $env, body = $body, facts = $facts`,
    );
    this.#find = database.first(
      "SELECT body FROM sessions WHERE id = $id AND ($visibleTo IS NULL OR tenant = $visibleTo)",
      bodySchema,
    );
    this.#live = database.all(
      "SELECT body, container_id, env, facts FROM sessions WHERE ended_at IS NULL ORDER BY created_at, id",
      liveSchema,
    );
    this.#prune = database.write("DELETE FROM sessions WHERE ended_at < $endedBefore");
  }

  save({ session, containerId, env, facts }: StoredSession): void {
    const { termination } = session;
    this.#save({
      id: session.id,
      tenant: session.tenant,
      createdAt: Date.parse(session.createdAt),
      state: session.state,
      cohortId: session.cohortId,
      endedAt: termination && Date.parse(termination.at),
      containerId,
      // What callers put there is kept no longer than it is of use.
      env: termination ? "{}" : JSON.stringify(env),
      body: JSON.stringify(session),
      facts: facts && JSON.stringify(facts),
    });
  }

  find(visibleTo: string | undefined, id: string): Session | undefined {
    const found = this.#find({ id, visibleTo: visibleTo ?? null });
    return found && toSession(found);
  }

  list(visibleTo: string | undefined, query: SessionQuery): Page<Session> {
    const { rows, nextCursor } = this.#pages.read(toSessionListing(visibleTo, query), query);
    return { items: rows.map(toSession), nextCursor };
  }

  live(): StoredSession[] {
    return this.#live({}).map((row) => ({
      session: toSession(row),
      containerId: row.container_id,
      env: envSchema.parse(JSON.parse(row.env)),
      // As another version may have seen them: then nobody here knows.
      facts: row.facts === null ? null : factsSchema.nullable().catch(null).parse(JSON.parse(row.facts)),
    }));
  }

  prune(endedBefore: number): number {
    return this.#prune({ endedBefore });
  }
}
