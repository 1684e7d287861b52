import { ServiceError } from "../../domain/errors.ts";
import type { Caller, Tenant, TenantLimits } from "../../domain/tenant.ts";
import type { Admission } from "../admission/admission.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { TenantStore } from "../ports/stores.ts";
import { DEFAULT_TENANT } from "./keys.ts";
import type { LimitsOfTenants } from "./limits-of-tenants.ts";
import { assertNotReserved } from "./reserved.ts";
import { actorOf, assertRole, visibleTo } from "./roles.ts";
import type { Usage } from "./usage.ts";

interface TenantsDependencies {
  store: Pick<TenantStore, "tenants">;
  audit: AuditLog;
  limits: LimitsOfTenants;
  usage: Pick<Usage, "of">;
  admission: Pick<Admission, "of">;
}

/** What can be seen and set of tenants. A tenant is there once it has keys, limits or usage. */
export class Tenants {
  readonly #deps: TenantsDependencies;

  constructor(deps: TenantsDependencies) {
    this.#deps = deps;
  }

  /** Sorted by name. Throws `forbidden` for whoever may see one tenant only. */
  list(caller: Caller): Tenant[] {
    assertRole(caller, "admin");
    return this.#names().map((name) => this.#view(name));
  }

  /** Throws `not_found` where there is none, and where the caller may not know that there is one. */
  find(caller: Caller, name: string): Tenant {
    const visible = visibleTo(caller);
    const known = visible === undefined ? this.#names().includes(name) : name === visible;
    if (!known) throw new ServiceError("not_found", `There is no tenant ${JSON.stringify(name)}`);
    return this.#view(name);
  }

  /**
   * They hold from the next request on, and for what waits. Throws `forbidden` for anyone but an admin, and
   * `invalid_request` for a tenant of the service's own.
   */
  setLimits(caller: Caller, name: string, limits: TenantLimits): Tenant {
    assertRole(caller, "admin");
    assertNotReserved(name, "name");
    this.#deps.audit.append({
      type: "tenant.limits_set",
      tenant: name,
      actor: actorOf(caller),
      subject: {},
      data: { ...limits },
    });
    this.#deps.limits.set(name, limits);
    return this.#view(name);
  }

  /** The service's own key has a tenant that the store need not know. */
  #names(): string[] {
    return [...new Set([DEFAULT_TENANT, ...this.#deps.store.tenants()])].sort();
  }

  #view(name: string): Tenant {
    const { limits, usage, admission } = this.#deps;
    const { cpuMs, bytes } = usage.of(name);
    return {
      name,
      limits: limits.of(name),
      usage: { cpuSeconds: cpuMs / 1000, bytes: Math.floor(bytes) },
      running: admission.of(name),
    };
  }
}
