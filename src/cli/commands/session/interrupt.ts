import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printChange } from "./print-session.ts";

export const sessionInterrupt = defineCommand({
  name: "interrupt",
  summary: "Raise KeyboardInterrupt in what runs in a session; its state is kept",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {},
  async run(context, { operands }) {
    return printChange(
      context,
      await context.api().post<Session>(route`/v1/sessions/${operands.session}/interrupt`),
    );
  },
});
