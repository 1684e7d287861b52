import { defineCommand } from "../../command.ts";
import { exitCodes } from "../../errors.ts";
import { toJson } from "../../terminal/escape.ts";

export const auditHeads = defineCommand({
  name: "heads",
  summary: "Print the newest signed heads, one a line: keep them elsewhere, for audit verify --head",
  operands: {},
  options: { limit: { kind: "number", value: "N", min: 1, max: 500, help: "How many; default 1" } },
  async run(context, { values }) {
    const { limit = 1 } = values;
    const { items } = await context.api().get<{ items: object[] }>("/v1/audit/heads", { limit });
    for (const head of items) await context.out.line(toJson(head));
    return exitCodes.ok;
  },
});
