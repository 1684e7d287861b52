import type { AuditEvent, EventFilter } from "../../audit/event.ts";
import { printEvent } from "../../audit/print-event.ts";
import { eventsOfService, filterOptions, lastEvents, toFilter } from "../../audit/source.ts";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { exitCodes, UsageError } from "../../errors.ts";

const EVERY_MS = 1_000;

export const auditTail = defineCommand({
  name: "tail",
  summary: "Print the last events of the audit log, and with -f those that come",
  operands: { folder: { label: "FOLDER", need: "optional", complete: "folder" } },
  options: {
    ...filterOptions,
    follow: { kind: "flag", short: "f", help: "Go on with what comes; of the service only" },
    lines: { kind: "number", value: "N", short: "n", min: 1, max: 10_000, help: "How many; default 10" },
  },
  async run(context, { values, operands }) {
    const { lines = 10, follow } = values;
    if (follow && operands.folder !== undefined)
      throw new UsageError("A folder can't be followed", "audit tail");
    const filter = toFilter(values);
    const last = await lastEvents(context, operands.folder, filter, lines);
    for (const event of last) await printEvent(context, event);
    for (let seq = last.at(-1)?.seq ?? 0; follow; ) {
      await context.times.pause(EVERY_MS);
      for (const event of await since(context, filter, seq)) {
        await printEvent(context, event);
        ({ seq } = event);
      }
    }
    return exitCodes.ok;
  },
});

const since = async (context: Context, filter: EventFilter, seq: number): Promise<AuditEvent[]> => {
  const events: AuditEvent[] = [];
  for await (const event of eventsOfService(context, filter)) {
    if (event.seq <= seq) break;
    events.push(event);
  }
  return events.reverse();
};
