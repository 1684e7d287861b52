import { printEvent } from "../../audit/print-event.ts";
import { filterOptions, lastEvents, toFilter } from "../../audit/source.ts";
import { defineCommand } from "../../command.ts";
import { exitCodes } from "../../errors.ts";

export const auditQuery = defineCommand({
  name: "query",
  summary: "Print events of the audit log, those of the service or of a folder, the newest last",
  operands: { folder: { label: "FOLDER", need: "optional", complete: "folder" } },
  options: {
    ...filterOptions,
    limit: {
      kind: "number",
      value: "N",
      min: 1,
      max: 100_000,
      help: "At most so many, the newest; default 100",
    },
  },
  async run(context, { values, operands }) {
    const { limit = 100 } = values;
    for (const event of await lastEvents(context, operands.folder, toFilter(values), limit)) {
      await printEvent(context, event);
    }
    return exitCodes.ok;
  },
});
