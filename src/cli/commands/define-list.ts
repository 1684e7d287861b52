import { type Command, defineCommand } from "../command.ts";
import { printList } from "../terminal/document.ts";
import type { Column } from "../terminal/table.ts";

interface List<Row> {
  name: string;
  summary: string;
  path: string;
  columns: Column<Row>[];
}

/** A command that prints all of a short list, for which the service has no pages. */
export const defineList = <Row>({ name, summary, path, columns }: List<Row>): Command =>
  defineCommand({
    name,
    summary,
    operands: {},
    options: {},
    async run(context) {
      return printList(context, await context.api().get<{ items: Row[] }>(path), columns);
    },
  });
