import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printChange } from "./print-session.ts";

export const sessionCancel = defineCommand({
  name: "cancel",
  summary: "Kill what runs in a session; the session goes on without its state",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printChange(
      context,
      await context.api().post<Session>(route`/v1/sessions/${operands.session}/cancel`),
    );
  },
});
