import type { Api, Page } from "../api/client.ts";
import type { Query } from "../api/route.ts";
import type { ExecutionSummary } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { printList } from "../terminal/document.ts";
import type { Style } from "../terminal/output.ts";
import { toTime } from "../terminal/table.ts";

export const ps = defineCommand({
  name: "ps",
  summary: "List executions: those under way, or all",
  operands: {},
  options: {
    all: { kind: "flag", short: "a", help: "Those that ended too" },
    session: { kind: "text", value: "ID", help: "Only those of this session" },
    outcome: {
      kind: "text",
      value: "OUTCOME",
      choices: [
        "ok",
        "exception",
        "nonzero_exit",
        "signalled",
        "time_limit",
        "cpu_limit",
        "memory_limit",
        "output_limit",
        "process_limit",
        "disk_limit",
        "cancelled",
      ],
      help: "Only those that ended so",
    },
    tenant: { kind: "text", value: "NAME", help: "Only those of this tenant, for keys that see others" },
    limit: { kind: "number", min: 1, max: 10_000, value: "N", help: "At most this many; default 50" },
  },
  async run(context, { values }) {
    const { session, outcome, tenant, limit = 50 } = values;
    const query = { session, outcome, tenant };
    const everything = values.all || outcome !== undefined;
    const page = everything
      ? await context.api().list<ExecutionSummary>("/v1/executions", query, limit)
      : await underWay(context.api(), query, limit);
    return printList(context, page, [
      { head: "EXECUTION", cell: ({ id }) => id },
      { head: "CREATED", cell: ({ createdAt }) => toTime(createdAt) },
      { head: "STATUS", cell: ({ status }) => status },
      { head: "OUTCOME", cell: (execution) => execution.outcome, style: styleOf },
      { head: "EXIT", cell: ({ exitCode }) => exitCode, right: true },
      { head: "MS", cell: ({ wallMs }) => (wallMs === null ? null : Math.round(wallMs)), right: true },
      { head: "IMAGE", cell: ({ action }) => action.image.name },
      { head: "KIND", cell: ({ action }) => action.kind },
      { head: "SESSION", cell: (execution) => execution.session?.id },
    ]);
  },
});

/** In two answers; one that moved on in between is in both. */
const underWay = async (api: Api, query: Query, limit: number): Promise<Page<ExecutionSummary>> => {
  const found = new Map<string, ExecutionSummary>();
  for (const status of ["queued", "running"]) {
    const { items } = await api.list<ExecutionSummary>("/v1/executions", { ...query, status }, limit);
    for (const item of items) found.set(item.id, item);
  }
  const items = [...found.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
  return { items: items.slice(0, limit), nextCursor: null };
};

const styleOf = ({ outcome }: ExecutionSummary): Style | undefined =>
  outcome === null ? undefined : outcome === "ok" ? "green" : "red";
