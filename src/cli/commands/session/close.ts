import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printChange } from "./print-session.ts";

export const sessionClose = defineCommand({
  name: "close",
  summary: "End a session and remove its sandbox",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printChange(
      context,
      await context.api().send<Session>("DELETE", route`/v1/sessions/${operands.session}`),
    );
  },
});
