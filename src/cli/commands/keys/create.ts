import type { Key } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";

export const keysCreate = defineCommand({
  name: "create",
  summary: "Make an API key; its secret is printed this once",
  operands: { name: { label: "NAME", need: "required" } },
  options: {
    tenant: { kind: "text", value: "NAME", help: "Whose it is; default: your own tenant" },
    role: {
      kind: "text",
      value: "ROLE",
      choices: ["submitter", "auditor", "admin"],
      help: "submitter runs code, auditor reads receipts, audit log and policies, admin may do all; default: submitter",
    },
  },
  async run(context, { values, operands }) {
    const { tenant, role } = values;
    const body = { name: operands.name, tenant, role };
    const key = await context.api().post<Key & { secret: string }>("/v1/keys", body);
    return printDocument(context, key, async () => {
      const whose = `${escapeText(key.role)} of ${escapeText(key.tenant)}`;
      await context.err.note(`cloche: ${escapeText(key.id)} (${whose}); its secret is not shown again`);
      await context.out.line(escapeText(key.secret));
    });
  },
});
