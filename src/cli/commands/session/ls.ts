import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { printList } from "../../terminal/document.ts";
import { toTime } from "../../terminal/table.ts";

export const sessionLs = defineCommand({
  name: "ls",
  summary: "List sessions, the newest first",
  operands: {},
  options: {
    state: {
      kind: "text",
      value: "STATE",
      choices: ["idle", "busy", "resetting", "reattaching", "ended"],
      help: "Only those in this state",
    },
    cohort: { kind: "text", value: "ID", help: "Only those of this cohort" },
    tenant: { kind: "text", value: "NAME", help: "Only those of this tenant, for keys that see others" },
    limit: { kind: "number", min: 1, max: 10_000, value: "N", help: "At most this many; default 50" },
  },
  async run(context, { values }) {
    const { state, cohort, tenant, limit = 50 } = values;
    const page = await context.api().list<Session>("/v1/sessions", { state, cohort, tenant }, limit);
    return printList(context, page, [
      { head: "SESSION", cell: ({ id }) => id },
      {
        head: "STATE",
        cell: (session) => session.state,
        style: (session) => (session.state === "ended" ? "dim" : "green"),
      },
      { head: "IMAGE", cell: ({ image }) => image.name },
      { head: "POLICY", cell: ({ policy }) => policy.name },
      { head: "CREATED", cell: ({ createdAt }) => toTime(createdAt) },
      { head: "EXPIRES", cell: ({ expiresAt }) => toTime(expiresAt) },
      { head: "RUNS", cell: ({ sequence }) => sequence, right: true },
      { head: "ENDED BY", cell: ({ termination }) => termination?.reason },
    ]);
  },
});
