import type { Key } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";
import { printTable, toTime } from "../../terminal/table.ts";

export const keysLs = defineCommand({
  name: "ls",
  summary: "List API keys, without their secrets",
  operands: {},
  options: {},
  async run(context) {
    const page = await context.api().get<{ items: Key[] }>("/v1/keys");
    return printDocument(context, page, () =>
      printTable(
        context.out,
        [
          { head: "KEY", cell: ({ id }) => id },
          { head: "TENANT", cell: ({ tenant }) => tenant },
          { head: "ROLE", cell: ({ role }) => role },
          { head: "CREATED", cell: ({ createdAt }) => toTime(createdAt) },
          { head: "REVOKED", cell: ({ revokedAt }) => toTime(revokedAt) },
          { head: "NAME", cell: ({ name }) => name },
        ],
        page.items,
      ),
    );
  },
});
