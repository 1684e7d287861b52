import { z } from "zod";
import { type Key, keySchema } from "../domain/tenant.ts";
import type { KeyStore } from "../engine/ports/stores.ts";
import type { All, Database, First, Write } from "./database.ts";

const COLUMNS = "id, name, tenant, role, created_at AS createdAt, revoked_at AS revokedAt";

const storedKeySchema = keySchema.extend({ hash: z.string() });

export class SqliteKeyStore implements KeyStore {
  readonly #save: Write;
  readonly #find: First<z.infer<typeof storedKeySchema>>;
  readonly #list: All<Key>;
  readonly #listOf: All<Key>;
  readonly #revoke: Write;

  constructor(database: Database) {
    // Never replaces: a key that was revoked can't be had back by saving it again.
    this.#save = database.write(
      `INSERT INTO keys (id, tenant, created_at, name, role, revoked_at, hash)
       VALUES ($id, $tenant, $createdAt, $name, $role, $revokedAt, $hash)`,
    );
    this.#find = database.first(`SELECT ${COLUMNS}, hash FROM keys WHERE id = $id`, storedKeySchema);
    this.#list = database.all(`SELECT ${COLUMNS} FROM keys ORDER BY created_at DESC, id DESC`, keySchema);
    this.#listOf = database.all(
      `SELECT ${COLUMNS} FROM keys WHERE tenant = $tenant ORDER BY created_at DESC, id DESC`,
      keySchema,
    );
    this.#revoke = database.write("UPDATE keys SET revoked_at = $at WHERE id = $id AND revoked_at IS NULL");
  }

  save(key: Key, hash: string): void {
    this.#save({ ...key, hash });
  }

  find(id: string): { key: Key; hash: string } | undefined {
    const found = this.#find({ id });
    if (!found) return undefined;
    const { hash, ...key } = found;
    return { key, hash };
  }

  list(visibleTo: string | undefined): Key[] {
    return visibleTo === undefined ? this.#list({}) : this.#listOf({ tenant: visibleTo });
  }

  revoke(id: string, at: string): void {
    this.#revoke({ id, at });
  }
}
