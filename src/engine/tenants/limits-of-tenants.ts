import type { TenantLimits } from "../../domain/tenant.ts";
import type { TenantStore } from "../ports/stores.ts";

/** More tenants than this are asked for again; the longest unused go first. */
const MAX_CACHED = 10_000;

interface LimitsDependencies {
  /** What holds for a tenant that has none of its own. */
  defaults: TenantLimits;
  store: Pick<TenantStore, "limits" | "setLimits">;
  onChange(tenant: string): void;
}

/** The limits of each tenant: its own, or the service's. */
export class LimitsOfTenants {
  readonly #deps: LimitsDependencies;
  /** In the order of their last use. */
  readonly #cache = new Map<string, TenantLimits>();

  constructor(deps: LimitsDependencies) {
    this.#deps = deps;
  }

  of(tenant: string): TenantLimits {
    const limits = this.#cache.get(tenant) ?? this.#deps.store.limits(tenant) ?? this.#deps.defaults;
    this.#cache.delete(tenant);
    this.#cache.set(tenant, limits);
    const [oldest] = this.#cache.keys();
    if (this.#cache.size > MAX_CACHED && oldest !== undefined) this.#cache.delete(oldest);
    return limits;
  }

  set(tenant: string, limits: TenantLimits): void {
    this.#deps.store.setLimits(tenant, limits);
    this.#cache.set(tenant, limits);
    this.#deps.onChange(tenant);
  }
}
