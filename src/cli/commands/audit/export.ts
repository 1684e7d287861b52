import { resolve } from "node:path";
import { toCef } from "../../audit/cef.ts";
import type { AuditEvent } from "../../audit/event.ts";
import { toOcsf } from "../../audit/ocsf.ts";
import { eventsOfFolder, eventsOfService, filterOptions, toFilter } from "../../audit/source.ts";
import { defineCommand } from "../../command.ts";
import { exitCodes } from "../../errors.ts";
import { toJson } from "../../terminal/escape.ts";

/** Of the format that is written: what products are told apart by. */
const CEF_DEVICE_VERSION = "1";

const formats: Record<string, (event: AuditEvent) => string> = {
  jsonl: (event) => JSON.stringify(event),
  ocsf: (event) => toJson(toOcsf(event)),
  cef: (event) => toCef(event, CEF_DEVICE_VERSION),
};

export const auditExport = defineCommand({
  name: "export",
  summary: "Print events for other systems, one a line: a folder's oldest first, the service's newest first",
  operands: { folder: { label: "FOLDER", need: "optional", complete: "folder" } },
  options: {
    ...filterOptions,
    format: {
      kind: "text",
      value: "FORMAT",
      choices: ["jsonl", "ocsf", "cef"],
      help: "jsonl as in the log, OCSF 1.8 or CEF; default jsonl",
    },
  },
  async run(context, { values, operands }) {
    const filter = toFilter(values);
    const format = formats[values.format ?? "jsonl"] ?? toJson;
    const { folder } = operands;
    const events =
      folder === undefined
        ? eventsOfService(context, filter)
        : eventsOfFolder(resolve(context.cwd, folder), filter);
    for await (const event of events) await context.out.line(format(event));
    return exitCodes.ok;
  },
});
