import { route } from "../../api/route.ts";
import { defineCommand } from "../../command.ts";
import { exitCodes } from "../../errors.ts";
import { toJson } from "../../terminal/escape.ts";

export const receiptShow = defineCommand({
  name: "show",
  summary: "Print an execution's receipt, for a file",
  notes: "Into a file or a pipe it goes to the byte as the service sent it: canonical JSON.",
  operands: { execution: { label: "EXECUTION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    const path = route`/v1/executions/${operands.execution}/receipt`;
    const response = await context.api().request({ method: "GET", path });
    const text = await response.text();
    // Names of files in it were chosen in the sandbox: a terminal gets them escaped.
    await context.out.line(context.out.isTerminal ? toJson(JSON.parse(text), 2) : text);
    return exitCodes.ok;
  },
});
