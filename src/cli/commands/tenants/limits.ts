import { route } from "../../api/route.ts";
import type { Tenant, TenantLimits } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { printTenant } from "./print-tenant.ts";

export const tenantsLimits = defineCommand({
  name: "limits",
  summary: "Change a tenant's limits; those that are not given stay as they are",
  operands: { name: { label: "NAME", need: "required" } },
  options: {
    sandboxes: { kind: "number", min: 0, value: "N", help: "Sandboxes at the same time" },
    queued: { kind: "number", min: 0, value: "N", help: "Executions that wait" },
    "requests-per-minute": { kind: "number", min: 1, value: "N", help: "Requests that change something" },
    "cpu-seconds-per-day": { kind: "text", value: "N|none", help: "CPU time of a day (UTC); none: no bound" },
    "bytes-per-day": {
      kind: "text",
      value: "N|none",
      help: "Bytes in and out of a day (UTC); none: no bound",
    },
  },
  async run(context, { values, operands }) {
    const given: Partial<TenantLimits> = withoutMissing({
      sandboxes: values.sandboxes,
      queued: values.queued,
      requestsPerMinute: values["requests-per-minute"],
      cpuSecondsPerDay: toBound(values["cpu-seconds-per-day"], "--cpu-seconds-per-day"),
      bytesPerDay: toBound(values["bytes-per-day"], "--bytes-per-day"),
    });
    if (Object.keys(given).length === 0)
      throw usage("give at least one limit; cloche tenants show prints them");
    const api = context.api();
    const { limits } = await api.get<Tenant>(route`/v1/tenants/${operands.name}`);
    const path = route`/v1/tenants/${operands.name}/limits`;
    return printTenant(context, await api.send<Tenant>("PUT", path, { ...limits, ...given }));
  },
});

const usage = (message: string) => new UsageError(message, "cloche tenants limits");

const toBound = (text: string | undefined, option: string): number | null | undefined => {
  if (text === undefined) return undefined;
  if (text === "none") return null;
  if (!/^\d{1,15}$/.test(text)) throw usage(`${option} must be a whole number or none, not "${text}"`);
  return Number(text);
};

const withoutMissing = <T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
