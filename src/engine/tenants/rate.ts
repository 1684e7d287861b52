import type { Clock } from "../ports/clock.ts";

export const WINDOW_SECONDS = 60;

/** How many buckets there are before the full ones are looked for. */
const MIN_SWEEP = 1000;
/** Sums of fractions are not exact. */
const EPSILON = 1e-6;

export interface RateState {
  /** Requests in a window, and at once. */
  quota: number;
  /** Requests that would be let through at this moment. */
  remaining: number;
  /** Seconds until all of the quota is there again. */
  resetSeconds: number;
  /** Seconds until one more is let through; 0 where it is. */
  waitSeconds: number;
}

interface Bucket {
  /** Requests of the quota that are used up. */
  spent: number;
  /** When `spent` was right; monotonic. */
  at: number;
}

/** A token bucket for each tenant. A full bucket is as good as none, so it is forgotten. */
export class Rate {
  readonly #clock: Clock;
  readonly #quotaOf: (tenant: string) => number;
  readonly #buckets = new Map<string, Bucket>();
  #sweepAt = MIN_SWEEP;

  constructor(clock: Clock, quotaOf: (tenant: string) => number) {
    this.#clock = clock;
    this.#quotaOf = quotaOf;
  }

  /** How many tenants it remembers. */
  get size(): number {
    return this.#buckets.size;
  }

  /** Takes one, if there is one. */
  take(tenant: string): { ok: boolean; state: RateState } {
    const quota = this.#quotaOf(tenant);
    const spent = this.#spent(tenant, quota);
    const ok = spent + 1 <= quota + EPSILON;
    const after = ok ? spent + 1 : spent;
    this.#buckets.set(tenant, { spent: after, at: this.#clock.monotonic() });
    this.#forgetFull();
    return { ok, state: toState(after, quota) };
  }

  /** Takes none. */
  look(tenant: string): RateState {
    const quota = this.#quotaOf(tenant);
    return toState(this.#spent(tenant, quota), quota);
  }

  #spent(tenant: string, quota: number): number {
    const { spent, at } = this.#buckets.get(tenant) ?? { spent: 0, at: 0 };
    const refilled = ((this.#clock.monotonic() - at) / 1000) * (quota / WINDOW_SECONDS);
    return Math.min(quota, Math.max(0, spent - refilled));
  }

  /** At twice the size each time, so that looking costs nothing on the whole. */
  #forgetFull(): void {
    if (this.#buckets.size < this.#sweepAt) return;
    const now = this.#clock.monotonic();
    // Every bucket is full again after a window.
    for (const [tenant, { at }] of this.#buckets) {
      if (now - at >= WINDOW_SECONDS * 1000) this.#buckets.delete(tenant);
    }
    this.#sweepAt = Math.max(MIN_SWEEP, this.#buckets.size * 2);
  }
}

const toState = (spent: number, quota: number): RateState => {
  const perSecond = quota / WINDOW_SECONDS;
  const seconds = (requests: number) => Math.max(0, Math.ceil(requests / perSecond - EPSILON));
  return {
    quota,
    remaining: Math.floor(quota - spent + EPSILON),
    resetSeconds: seconds(spent),
    waitSeconds: seconds(spent + 1 - quota),
  };
};
