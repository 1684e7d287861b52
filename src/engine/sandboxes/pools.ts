import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { PoolStatus } from "../ports/pool-status.ts";
import type { SandboxContainer } from "../ports/runtime.ts";
import { Pool, type PoolDependencies, type PoolOptions } from "./pool.ts";

export type PoolSettings = Pick<
  PoolOptions,
  "target" | "maxFailures" | "backoffMs" | "stoppedMs" | "pingTimeoutMs" | "refillDelayMs"
> & {
  /** A pool that nobody asked for this long gives its sandboxes back; the first one is kept. */
  idleMs: number;
  /** Warm sandboxes of all pools together. */
  maxWarm: number;
  /** Whose sandboxes are made when they are asked for, and none ahead. */
  keepsNone?(tenant: string): boolean;
};

interface Entry {
  pool: Pool;
  lastUsed: number;
  pinned: boolean;
}

/**
 * One pool for each (image digest, policy digest, tenant), made when first asked for. A pool that
 * is `pinned` at start stays; the others are closed after `idleMs`, or, least recently used first,
 * when all together would keep more than `maxWarm` sandboxes.
 */
export class Pools {
  readonly #settings: PoolSettings;
  readonly #deps: PoolDependencies;
  readonly #entries = new Map<string, Entry>();
  readonly #closing = new Set<Promise<void>>();

  constructor(settings: PoolSettings, deps: PoolDependencies) {
    this.#settings = settings;
    this.#deps = deps;
  }

  /** Makes the pool, fills it and keeps it for the life of the service. */
  pin(image: Image, policy: Policy, tenant: string): void {
    this.#entry(image, policy, tenant).pinned = true;
  }

  async acquire(
    image: Image,
    policy: Policy,
    tenant: string,
    signal: AbortSignal,
  ): Promise<SandboxContainer> {
    const entry = this.#entry(image, policy, tenant);
    entry.lastUsed = this.#deps.clock.monotonic();
    return await entry.pool.acquire(signal);
  }

  /** Resolves when each pool has tried its first create. */
  async firstFilled(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ pool }) => pool.attempted()));
  }

  /** Throws when a pinned pool can't serve. */
  assertServes(): void {
    for (const { pool, pinned } of this.#entries.values()) if (pinned) pool.assertServes();
  }

  status(): PoolStatus[] {
    return [...this.#entries.values()].map(({ pool }) => pool.status());
  }

  /** Closes pools that nobody used for `idleMs`. */
  closeIdle(): void {
    const oldest = this.#deps.clock.monotonic() - this.#settings.idleMs;
    for (const [key, entry] of this.#entries) {
      if (!entry.pinned && entry.lastUsed < oldest) this.#evict(key, entry);
    }
  }

  async close(): Promise<void> {
    for (const [key, entry] of this.#entries) this.#evict(key, entry);
    await Promise.all(this.#closing);
  }

  #entry(image: Image, policy: Policy, tenant: string): Entry {
    const key = `${image.digest} ${policy.digest} ${tenant}`;
    const known = this.#entries.get(key);
    if (known) return known;
    const target = this.#settings.keepsNone?.(tenant) ? 0 : this.#settings.target;
    if (target > 0) this.#makeRoom();
    const entry = {
      pool: new Pool({ ...this.#settings, target, image, policy, tenant }, this.#deps),
      lastUsed: this.#deps.clock.monotonic(),
      pinned: false,
    };
    this.#entries.set(key, entry);
    entry.pool.fill();
    return entry;
  }

  #makeRoom(): void {
    const { target, maxWarm } = this.#settings;
    const coldest = [...this.#entries].filter(([, entry]) => !entry.pinned && isUnused(entry.pool));
    coldest.sort(([, a], [, b]) => a.lastUsed - b.lastUsed);
    for (const [key, entry] of coldest) {
      if ((this.#entries.size + 1) * target <= maxWarm) return;
      this.#evict(key, entry);
    }
  }

  #evict(key: string, entry: Entry): void {
    this.#entries.delete(key);
    const closing = entry.pool.close().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

const isUnused = (pool: Pool) => pool.status().waiting === 0;
