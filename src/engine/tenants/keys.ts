import { ServiceError } from "../../domain/errors.ts";
import { createKeyId, type KeyId } from "../../domain/ids.ts";
import type { Secret } from "../../domain/secret.ts";
import type { Caller, Key, NewKey } from "../../domain/tenant.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { KeyStore } from "../ports/stores.ts";
import { createKeyText, keyHashOf, keyIdOf, sameHash } from "./key-text.ts";
import { assertNotReserved } from "./reserved.ts";
import { actorOf, assertRole } from "./roles.ts";

/** The tenant of the service's own key. */
export const DEFAULT_TENANT = "default";

const fileCaller: Caller = { tenant: DEFAULT_TENANT, role: "admin", keyId: "file" };

/** What an unknown id is compared with: as much work as for a known one. */
const NOBODY = keyHashOf("");

interface KeysDependencies {
  store: KeyStore;
  audit: AuditLog;
  clock: Clock;
  /** The service's own key, which nobody can revoke: the last way in. */
  fileKey: Secret;
}

/** API keys: who has one, and whose a text is. Only the hash of a key is kept. */
export class Keys {
  readonly #store: KeyStore;
  readonly #audit: AuditLog;
  readonly #clock: Clock;
  readonly #fileHash: string;
  /** Keys that no list has and no store, by their hash. */
  readonly #lent = new Map<string, Caller>();

  constructor({ store, audit, clock, fileKey }: KeysDependencies) {
    this.#store = store;
    this.#audit = audit;
    this.#clock = clock;
    this.#fileHash = keyHashOf(fileKey.reveal());
  }

  /** Whose key the text is; undefined when it is nobody's, or revoked. */
  authenticate(text: string): Caller | undefined {
    const hash = keyHashOf(text);
    if (sameHash(hash, this.#fileHash)) return fileCaller;
    const borrower = this.#lent.get(hash);
    if (borrower) return borrower;
    const id = keyIdOf(text);
    if (id === undefined) return;
    const found = this.#store.find(id);
    if (!sameHash(hash, found?.hash ?? NOBODY) || !found || found.key.revokedAt !== null) return;
    return { tenant: found.key.tenant, role: found.key.role, keyId: found.key.id };
  }

  /** A key that ends with this process, or when it is disposed of: what tries the service out needs no other. */
  lend(caller: Omit<Caller, "keyId">): { secret: Secret } & Disposable {
    const secret = createKeyText(createKeyId(this.#clock.now()));
    const hash = keyHashOf(secret.reveal());
    this.#lent.set(hash, { ...caller, keyId: "lent" });
    return { secret, [Symbol.dispose]: () => void this.#lent.delete(hash) };
  }

  /**
   * The secret is given out this once. Throws `forbidden` for anyone but an admin, as all below do, and
   * `invalid_request` for a tenant of the service's own.
   */
  create(
    caller: Caller,
    { name, tenant, role }: NewKey,
    id: KeyId = createKeyId(this.#clock.now()),
  ): { key: Key; secret: Secret } {
    assertRole(caller, "admin");
    if (tenant !== undefined) assertNotReserved(tenant, "tenant");
    const now = this.#clock.now();
    const secret = createKeyText(id);
    const key: Key = {
      id,
      name,
      tenant: tenant ?? caller.tenant,
      role,
      createdAt: new Date(now).toISOString(),
      revokedAt: null,
    };
    this.#audit.append({
      type: "key.created",
      tenant: key.tenant,
      actor: actorOf(caller),
      subject: { key: id },
      data: { role, name },
    });
    this.#store.save(key, keyHashOf(secret.reveal()));
    return { key, secret };
  }

  /** Without its secret, which nobody has any more. */
  find(id: string): Key | undefined {
    return this.#store.find(id)?.key;
  }

  /** All keys, newest first, revoked ones too. */
  list(caller: Caller): Key[] {
    assertRole(caller, "admin");
    return this.#store.list(undefined);
  }

  /** From now on the key refuses; revoking it again changes nothing. */
  revoke(caller: Caller, id: string): Key {
    assertRole(caller, "admin");
    const found = this.#store.find(id);
    if (!found) throw new ServiceError("not_found", `There is no key ${JSON.stringify(id)}`);
    if (found.key.revokedAt !== null) return found.key;
    this.#audit.append({
      type: "key.revoked",
      tenant: found.key.tenant,
      actor: actorOf(caller),
      subject: { key: id },
      data: { role: found.key.role },
    });
    const revokedAt = new Date(this.#clock.now()).toISOString();
    this.#store.revoke(id, revokedAt);
    return { ...found.key, revokedAt };
  }
}
