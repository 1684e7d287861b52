import { route } from "../api/route.ts";
import type { Replay } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { exitCodes } from "../errors.ts";
import { printDocument } from "../terminal/document.ts";
import { escapeText } from "../terminal/escape.ts";
import { printTable } from "../terminal/table.ts";

export const replay = defineCommand({
  name: "replay",
  summary: "Run an execution's action again under the same image, policy and seed, and compare",
  notes:
    "The exit code is 0 where the same came out and 1 where it did not. Time and memory are not compared.",
  operands: { execution: { label: "EXECUTION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    const told = await context.api().post<Replay>(route`/v1/executions/${operands.execution}/replay`);
    await printDocument(context, told, async () => {
      const { out } = context;
      const verdict = told.same ? out.paint("green", "same") : out.paint("red", "different");
      await out.line(
        `${verdict}: ${escapeText(told.replayed)} was run to compare with ${escapeText(told.original)}`,
      );
      if (told.same) return;
      await out.line();
      await printTable(
        out,
        [
          { head: "FIELD", cell: ({ field }) => field },
          { head: "ORIGINAL", cell: ({ original }) => original },
          { head: "REPLAYED", cell: ({ replayed }) => replayed },
        ],
        told.differences,
      );
    });
    return told.same ? exitCodes.ok : exitCodes.no;
  },
});
