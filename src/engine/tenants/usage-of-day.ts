import type { TenantUsage } from "../ports/stores.ts";

/** What a tenant used on one day: what is in the store, and what is on its way there. */
export class UsageOfDay {
  readonly day: string;
  /** When it was last asked for or charged; monotonic. */
  touchedAt = 0;
  /** Whether it was told that the tenant is at a bound. */
  told = false;
  readonly #stored: TenantUsage;
  readonly #pending: TenantUsage = { cpuMs: 0, bytes: 0 };

  constructor(day: string, stored: TenantUsage) {
    this.day = day;
    this.#stored = { ...stored };
  }

  get total(): TenantUsage {
    return {
      cpuMs: this.#stored.cpuMs + this.#pending.cpuMs,
      bytes: this.#stored.bytes + this.#pending.bytes,
    };
  }

  add({ cpuMs, bytes }: TenantUsage): void {
    this.#pending.cpuMs += amount(cpuMs);
    this.#pending.bytes += amount(bytes);
  }

  /** Gives whole numbers to `write`; where that throws, they stay on their way. */
  flush(write: (used: TenantUsage) => void): void {
    const cpuMs = Math.floor(this.#pending.cpuMs);
    const bytes = Math.floor(this.#pending.bytes);
    if (cpuMs === 0 && bytes === 0) return;
    write({ cpuMs, bytes });
    this.#pending.cpuMs -= cpuMs;
    this.#pending.bytes -= bytes;
    this.#stored.cpuMs += cpuMs;
    this.#stored.bytes += bytes;
  }
}

/** A counter that came from a sandbox must neither spoil the sum nor lower it. */
const amount = (value: number) => (Number.isFinite(value) && value > 0 ? value : 0);
