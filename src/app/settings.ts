/** Slices of the settings in the words of the parts that need them. */
import type { Config } from "../config.ts";
import type { TenantLimits } from "../domain/tenant.ts";
import { isProofTenant } from "../engine/proofs/open-world.ts";
import type { PoolSettings } from "../engine/sandboxes/pools.ts";

export const toTenantLimits = (config: Config): TenantLimits => ({
  sandboxes: config.CLOCHE_TENANT_SANDBOXES,
  queued: config.CLOCHE_TENANT_QUEUED,
  requestsPerMinute: config.CLOCHE_TENANT_REQUESTS_PER_MINUTE,
  cpuSecondsPerDay: config.CLOCHE_TENANT_CPU_SECONDS_PER_DAY ?? null,
  bytesPerDay: config.CLOCHE_TENANT_BYTES_PER_DAY ?? null,
});

export const toPoolSettings = (config: Config): PoolSettings => ({
  target: config.CLOCHE_POOL_TARGET,
  maxWarm: config.CLOCHE_POOL_MAX_WARM,
  idleMs: config.CLOCHE_POOL_IDLE_MS,
  maxFailures: 5,
  backoffMs: 250,
  stoppedMs: 30_000,
  pingTimeoutMs: 1_000,
  refillDelayMs: 50,
  keepsNone: isProofTenant,
});
