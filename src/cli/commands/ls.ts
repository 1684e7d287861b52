import { route } from "../api/route.ts";
import type { FileEntry } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { parseSessionOrRef } from "../files/workspace-ref.ts";
import { printList } from "../terminal/document.ts";
import { toTime } from "../terminal/table.ts";

export const ls = defineCommand({
  name: "ls",
  summary: "List files of a session",
  operands: { folder: { label: "SESSION[:PATH]", need: "required" } },
  options: {
    recursive: { kind: "flag", short: "r", help: "Folders below it too" },
    limit: { kind: "number", min: 1, max: 100_000, value: "N", help: "At most this many; default 10000" },
  },
  async run(context, { values, operands }) {
    const { session, path } = parseSessionOrRef(operands.folder);
    const { recursive, limit = 10_000 } = values;
    const query = { path: path === "" ? undefined : path, recursive: recursive || undefined };
    const page = await context.api().list<FileEntry>(route`/v1/sessions/${session}/files`, query, limit);
    return printList(context, page, [
      { head: "TYPE", cell: ({ type }) => type },
      { head: "MODE", cell: ({ mode }) => toMode(mode) },
      { head: "BYTES", cell: ({ bytes }) => bytes, right: true },
      { head: "MODIFIED", cell: ({ modifiedMs }) => toDate(modifiedMs) },
      {
        head: "PATH",
        cell: (entry) => entry.path,
        style: ({ type }) => (type === "folder" ? "bold" : undefined),
      },
    ]);
  },
});

const toMode = (mode: number) => mode.toString(8).padStart(3, "0");

/** The session's code may have set any time at all. */
const toDate = (ms: number) => (Math.abs(ms) <= 8.64e15 ? toTime(new Date(ms).toISOString()) : undefined);
