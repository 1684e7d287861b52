import { readEvents, StreamSilent } from "../api/events.ts";
import { follow, openStream } from "../api/follow.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { present } from "../execution/present.ts";

/** What is there comes at once; after this it is what is still to be printed. */
const QUIET_MS = 500;

export const logs = defineCommand({
  name: "logs",
  summary: "Print what an execution printed",
  notes: "The exit code is 0 whatever became of the run. Ctrl-C ends the reading, not the run.",
  operands: { execution: { label: "EXECUTION", need: "required" } },
  options: { follow: { kind: "flag", short: "f", help: "Go on until it ends" } },
  async run(context, { values, operands }) {
    if (values.follow) {
      const never = new AbortController().signal;
      for await (const event of follow(context.api(), operands.execution, never))
        await present(context, event);
    } else await printSoFar(context, operands.execution);
    return exitCodes.ok;
  },
});

const printSoFar = async (context: Context, id: string): Promise<void> => {
  const stream = await openStream(context.api(), id, 0, new AbortController().signal);
  try {
    for await (const event of readEvents(stream, QUIET_MS)) await present(context, event);
  } catch (error) {
    if (!(error instanceof StreamSilent)) throw error;
  }
};
