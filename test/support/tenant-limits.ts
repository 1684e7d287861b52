import type { TenantLimits } from "../../src/domain/tenant.ts";

/** Limits that no test meets but those which set their own. */
export const someTenantLimits = (change: Partial<TenantLimits> = {}): TenantLimits => ({
  sandboxes: 100,
  queued: 100,
  requestsPerMinute: 600,
  cpuSecondsPerDay: null,
  bytesPerDay: null,
  ...change,
});
