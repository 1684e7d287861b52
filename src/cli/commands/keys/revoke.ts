import { route } from "../../api/route.ts";
import type { Key } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";

export const keysRevoke = defineCommand({
  name: "revoke",
  summary: "Revoke an API key; what it began goes on",
  operands: { key: { label: "KEY", need: "required" } },
  options: {},
  async run(context, { operands }) {
    const key = await context.api().send<Key>("DELETE", route`/v1/keys/${operands.key}`);
    return printDocument(context, key, () => context.out.line(`${escapeText(key.id)} revoked`));
  },
});
