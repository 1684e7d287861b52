import type { Tenant } from "../../api/types.ts";
import type { Context } from "../../context.ts";
import { printDocument } from "../../terminal/document.ts";
import { printFields } from "../../terminal/table.ts";

/** Names of limits as options of `tenants limits` call them. Returns the exit code. */
export const printTenant = (context: Context, { name, limits, usage, running }: Tenant): Promise<number> =>
  printDocument(context, { name, limits, usage, running }, () =>
    printFields(context.out, {
      name,
      sandboxes: `${running.sandboxes} of ${limits.sandboxes}`,
      queued: `${running.queued} of ${limits.queued}`,
      "requests-per-minute": limits.requestsPerMinute,
      "cpu-seconds-per-day": `${Math.round(usage.cpuSeconds)} of ${limits.cpuSecondsPerDay ?? "any"}`,
      "bytes-per-day": `${usage.bytes} of ${limits.bytesPerDay ?? "any"}`,
    }),
  );
