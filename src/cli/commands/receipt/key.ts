import type { SigningKey } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";

export const receiptKey = defineCommand({
  name: "key",
  summary: "Print the public key that receipts are checked with (PEM), for a file",
  operands: {},
  options: { all: { kind: "flag", help: "Also the keys of before, one after the other" } },
  async run(context, { values }) {
    const { items } = await context.api().get<{ items: SigningKey[] }>("/v1/signing-keys");
    const chosen = items.filter(({ retiredAt }) => values.all || retiredAt === null);
    return printDocument(context, { items: chosen }, async () => {
      for (const { publicKey } of chosen) await context.out.write(publicKey);
    });
  },
});
