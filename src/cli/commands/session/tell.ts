/** Commands that tell a session one thing. */
import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { type Command, defineCommand } from "../../command.ts";
import { printChange } from "./print-session.ts";

const tell = (name: string, summary: string): Command =>
  defineCommand({
    name,
    summary,
    operands: { session: { label: "SESSION", need: "required" } },
    options: {},
    async run(context, { operands }) {
      const path = route`/v1/sessions/${operands.session}/${name}`;
      return printChange(context, await context.api().post<Session>(path));
    },
  });

export const sessionInterrupt = tell(
  "interrupt",
  "Raise KeyboardInterrupt in what runs in a session; its state is kept",
);
export const sessionCancel = tell(
  "cancel",
  "Kill what runs in a session; the session goes on without its state",
);
export const sessionReset = tell("reset", "Give a session a new sandbox: state and files are gone");
