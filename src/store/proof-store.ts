import { z } from "zod";
import { type Proof, type ProofHead, proofHeadSchema, proofSchema } from "../domain/proof.ts";
import type { ProofStore } from "../engine/ports/proof-store.ts";
import type { Page, PageQuery } from "../engine/ports/stores.ts";
import type { All, Database, First, Write } from "./database.ts";
import { Pages } from "./pages.ts";

const bodySchema = z.object({ body: z.string() });
const pageRowSchema = z.object({ id: z.string(), created_at: z.number(), head: z.string() });
const source = { table: "proofs", columns: "id, created_at, head" };
const listing = { index: "proofs_by_age", where: {} };

const toProof = ({ body }: { body: string }): Proof => proofSchema.parse(JSON.parse(body));

export class SqliteProofStore implements ProofStore {
  readonly #pages: Pages<z.infer<typeof pageRowSchema>>;
  readonly #save: Write;
  readonly #find: First<z.infer<typeof bodySchema>>;
  readonly #running: All<z.infer<typeof bodySchema>>;
  readonly #prune: Write;

  constructor(database: Database) {
    this.#pages = new Pages(database, source, pageRowSchema);
    this.#save = database.write(
      `INSERT INTO proofs (id, created_at, status, head, body) VALUES ($id, $createdAt, $status, $head, $body)
       ON CONFLICT (id) DO UPDATE SET status = $status, head = $head, body = $body`,
    );
    this.#find = database.first("SELECT body FROM proofs WHERE id = $id", bodySchema);
    this.#running = database.all("SELECT body FROM proofs WHERE status = 'running'", bodySchema);
    this.#prune = database.write("DELETE FROM proofs WHERE created_at < $olderThan AND status <> 'running'");
  }

  save(proof: Proof): void {
    const { attempts: _, skipped: __, ...head } = proof;
    this.#save({
      id: proof.id,
      createdAt: Date.parse(proof.createdAt),
      status: proof.status,
      head: JSON.stringify(head),
      body: JSON.stringify(proof),
    });
  }

  find(id: string): Proof | undefined {
    const found = this.#find({ id });
    return found && toProof(found);
  }

  list(query: PageQuery): Page<ProofHead> {
    const { rows, nextCursor } = this.#pages.read(listing, query);
    return { items: rows.map(({ head }) => proofHeadSchema.parse(JSON.parse(head))), nextCursor };
  }

  running(): Proof[] {
    return this.#running({}).map(toProof);
  }

  prune(olderThan: number): number {
    return this.#prune({ olderThan });
  }
}
