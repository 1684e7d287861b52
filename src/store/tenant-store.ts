import { z } from "zod";
import { type TenantLimits, tenantLimitsSchema } from "../domain/tenant.ts";
import type { TenantStore, TenantUsage } from "../engine/ports/stores.ts";
import type { All, Database, First, Write } from "./database.ts";

const bodySchema = z.object({ body: z.string() });
const nameSchema = z.object({ tenant: z.string() });
const usageSchema = z.object({ cpuMs: z.number(), bytes: z.number() });

export class SqliteTenantStore implements TenantStore {
  readonly #limits: First<z.infer<typeof bodySchema>>;
  readonly #setLimits: Write;
  readonly #tenants: All<z.infer<typeof nameSchema>>;
  readonly #usage: First<TenantUsage>;
  readonly #addUsage: Write;
  readonly #prune: Write;

  constructor(database: Database) {
    this.#limits = database.first("SELECT body FROM limits WHERE tenant = $tenant", bodySchema);
    this.#setLimits = database.write(
      "INSERT INTO limits (tenant, body) VALUES ($tenant, $body) ON CONFLICT (tenant) DO UPDATE SET body = $body",
    );
    this.#tenants = database.all(
      `SELECT tenant FROM keys UNION SELECT tenant FROM limits UNION SELECT tenant FROM usage
       ORDER BY tenant`,
      nameSchema,
    );
    this.#usage = database.first(
      "SELECT cpu_ms AS cpuMs, bytes FROM usage WHERE tenant = $tenant AND day = $day",
      usageSchema,
    );
    this.#addUsage = database.write(
      `INSERT INTO usage (tenant, day, cpu_ms, bytes) VALUES ($tenant, $day, $cpuMs, $bytes)
       ON CONFLICT (tenant, day) DO UPDATE SET cpu_ms = cpu_ms + $cpuMs, bytes = bytes + $bytes`,
    );
    this.#prune = database.write("DELETE FROM usage WHERE day < $beforeDay");
  }

  /** Throws where what is stored is no limits: to go on without them would be to allow too much. */
  limits(tenant: string): TenantLimits | undefined {
    const found = this.#limits({ tenant });
    return found && tenantLimitsSchema.parse(JSON.parse(found.body));
  }

  setLimits(tenant: string, limits: TenantLimits): void {
    this.#setLimits({ tenant, body: JSON.stringify(limits) });
  }

  tenants(): string[] {
    return this.#tenants({}).map(({ tenant }) => tenant);
  }

  usage(tenant: string, day: string): TenantUsage {
    return this.#usage({ tenant, day }) ?? { cpuMs: 0, bytes: 0 };
  }

  addUsage(tenant: string, day: string, { cpuMs, bytes }: TenantUsage): void {
    this.#addUsage({ tenant, day, cpuMs, bytes });
  }

  prune(beforeDay: string): number {
    return this.#prune({ beforeDay });
  }
}
