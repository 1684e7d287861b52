import type { Tenant } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";
import { printTable } from "../../terminal/table.ts";

export const tenantsLs = defineCommand({
  name: "ls",
  summary: "List tenants with what they use",
  operands: {},
  options: {},
  async run(context) {
    const page = await context.api().get<{ items: Tenant[] }>("/v1/tenants");
    return printDocument(context, page, () =>
      printTable(
        context.out,
        [
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
        page.items,
      ),
    );
  },
});
