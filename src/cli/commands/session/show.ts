import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printSession } from "./print-session.ts";

export const sessionShow = defineCommand({
  name: "show",
  summary: "Print all of a session, also of one that ended",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printSession(context, await context.api().get<Session>(route`/v1/sessions/${operands.session}`));
  },
});
