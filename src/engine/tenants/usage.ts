import { ServiceError } from "../../domain/errors.ts";
import type { TenantLimits } from "../../domain/tenant.ts";
import type { Clock } from "../ports/clock.ts";
import type { TenantStore, TenantUsage } from "../ports/stores.ts";
import { dayOf, secondsLeftOfDay } from "./day.ts";
import { UsageOfDay } from "./usage-of-day.ts";

/** A service that is killed loses no more than this much of charges. */
const FLUSH_MS = 1000;
const FORGET_MS = 60_000;

interface UsageDependencies {
  store: Pick<TenantStore, "usage" | "addUsage">;
  clock: Clock;
  limitsOf(tenant: string): Pick<TenantLimits, "cpuSecondsPerDay" | "bytesPerDay">;
  /** Called once when a tenant comes to a bound of the day; what it has running is to be ended. Must not throw. */
  onExhausted(tenant: string): void;
  onFault(error: unknown): void;
}

/** What each tenant uses in a day, against its bounds. Written in batches; idle tenants are forgotten. */
export class Usage {
  readonly #deps: UsageDependencies;
  readonly #tenants = new Map<string, UsageOfDay>();
  #cancelFlush: (() => void) | undefined;

  constructor(deps: UsageDependencies) {
    this.#deps = deps;
  }

  /** How many tenants it remembers. */
  get size(): number {
    return this.#tenants.size;
  }

  /** Today's, what is not yet written included. */
  of(tenant: string): TenantUsage {
    const day = dayOf(this.#deps.clock.now());
    const known = this.#tenants.get(tenant);
    return known?.day === day ? known.total : this.#deps.store.usage(tenant, day);
  }

  charge(tenant: string, used: TenantUsage): void {
    const today = this.#today(tenant);
    today.add(used);
    this.#tellIfExhausted(tenant, today);
  }

  /** Throws `quota_exhausted`, with the time until midnight UTC, where a bound is reached. */
  assertWithin(tenant: string): void {
    const bound = this.#reached(tenant, this.#today(tenant));
    if (bound === undefined) return;
    throw new ServiceError("quota_exhausted", `The tenant used up its ${bound} of today (UTC)`, {
      retryAfterSeconds: secondsLeftOfDay(this.#deps.clock.now()),
    });
  }

  /** The tenant's bounds may be others. */
  recheck(tenant: string): void {
    this.#tellIfExhausted(tenant, this.#today(tenant));
  }

  /** Writes what is not yet written. */
  close(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    for (const [tenant, usage] of this.#tenants) this.#write(tenant, usage);
  }

  #today(tenant: string): UsageOfDay {
    const { clock, store } = this.#deps;
    const day = dayOf(clock.now());
    let usage = this.#tenants.get(tenant);
    if (usage?.day !== day) {
      if (usage) this.#write(tenant, usage);
      usage = new UsageOfDay(day, store.usage(tenant, day));
      this.#tenants.set(tenant, usage);
    }
    usage.touchedAt = clock.monotonic();
    this.#cancelFlush ??= clock.after(FLUSH_MS, () => this.#flush());
    return usage;
  }

  #tellIfExhausted(tenant: string, usage: UsageOfDay): void {
    const exhausted = this.#reached(tenant, usage) !== undefined;
    const due = exhausted && !usage.told;
    usage.told = exhausted;
    if (due) this.#deps.onExhausted(tenant);
  }

  /** In words, the bound that is reached. */
  #reached(tenant: string, { total }: UsageOfDay): string | undefined {
    const { cpuSecondsPerDay, bytesPerDay } = this.#deps.limitsOf(tenant);
    if (cpuSecondsPerDay !== null && total.cpuMs >= cpuSecondsPerDay * 1000) {
      return `${cpuSecondsPerDay} s of CPU time`;
    }
    if (bytesPerDay !== null && total.bytes >= bytesPerDay) return `${bytesPerDay} bytes`;
    return;
  }

  #flush(): void {
    const { clock } = this.#deps;
    this.#cancelFlush = undefined;
    for (const [tenant, usage] of this.#tenants) {
      const kept = this.#write(tenant, usage);
      if (kept && clock.monotonic() - usage.touchedAt >= FORGET_MS) this.#tenants.delete(tenant);
    }
    if (this.#tenants.size > 0) this.#cancelFlush = clock.after(FLUSH_MS, () => this.#flush());
  }

  /** False where the store refused; then the next turn has it again. */
  #write(tenant: string, usage: UsageOfDay): boolean {
    const { store, onFault } = this.#deps;
    try {
      usage.flush((used) => store.addUsage(tenant, usage.day, used));
      return true;
    } catch (error) {
      onFault(error);
      return false;
    }
  }
}
