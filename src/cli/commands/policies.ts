import type { Policy } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { printDocument } from "../terminal/document.ts";
import { printTable, shortDigest } from "../terminal/table.ts";

export const policies = defineCommand({
  name: "policies",
  summary: "List policies: under what limits code runs",
  operands: {},
  options: {},
  async run(context) {
    const page = await context.api().get<{ items: Policy[] }>("/v1/policies");
    return printDocument(context, page, () =>
      printTable(
        context.out,
        [
          { head: "POLICY", cell: ({ name }) => name },
          { head: "WALL MS", cell: ({ limits }) => limits.wallMs, right: true },
          { head: "MEMORY MIB", cell: ({ limits }) => limits.memoryMiB, right: true },
          { head: "NETWORK", cell: ({ network }) => network },
          { head: "IMAGES", cell: (policy) => policy.images.join(", ") },
          { head: "DIGEST", cell: ({ digest }) => shortDigest(digest) },
          { head: "DESCRIPTION", cell: ({ description }) => description },
        ],
        page.items,
      ),
    );
  },
});
