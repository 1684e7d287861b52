import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printChange } from "./print-session.ts";

export const sessionReset = defineCommand({
  name: "reset",
  summary: "Give a session a new sandbox: state and files are gone",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printChange(
      context,
      await context.api().post<Session>(route`/v1/sessions/${operands.session}/reset`),
    );
  },
});
