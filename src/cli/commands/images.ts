import type { Image } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { printDocument } from "../terminal/document.ts";
import { printTable, shortDigest } from "../terminal/table.ts";

export const images = defineCommand({
  name: "images",
  summary: "List images: what can be in a sandbox",
  operands: {},
  options: {},
  async run(context) {
    const page = await context.api().get<{ items: Image[] }>("/v1/images");
    return printDocument(context, page, () =>
      printTable(
        context.out,
        [
          { head: "IMAGE", cell: ({ name }) => name },
          { head: "PYTHON", cell: ({ python }) => python },
          { head: "PACKAGES", cell: ({ packages }) => Object.keys(packages).length, right: true },
          { head: "MIB", cell: ({ sizeBytes }) => Math.round(sizeBytes / 2 ** 20), right: true },
          { head: "DIGEST", cell: ({ digest }) => shortDigest(digest) },
          { head: "DESCRIPTION", cell: ({ description }) => description },
        ],
        page.items,
      ),
    );
  },
});
