import type { Tenant } from "../../api/types.ts";
import { defineList } from "../define-list.ts";

export const tenantsLs = defineList<Tenant>({
  name: "ls",
  summary: "List tenants with what they use",
  path: "/v1/tenants",
  columns: [
    { head: "TENANT", cell: ({ name }) => name },
    {
      head: "SANDBOXES",
      cell: ({ running, limits }) => `${running.sandboxes}/${limits.sandboxes}`,
      right: true,
    },
    {
      head: "QUEUED",
      cell: ({ running, limits }) => `${running.queued}/${limits.queued}`,
      right: true,
    },
    { head: "CPU SECONDS TODAY", cell: ({ usage }) => Math.round(usage.cpuSeconds), right: true },
    { head: "BYTES TODAY", cell: ({ usage }) => usage.bytes, right: true },
  ],
});
