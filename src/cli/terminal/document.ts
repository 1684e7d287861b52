/** An answer as JSON, or as what a command makes of it for people. */
import type { Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { toJson } from "./escape.ts";
import { type Column, printTable } from "./table.ts";

type Printing = Pick<Context, "json" | "out">;

export const printDocument = async (
  { json, out }: Printing,
  document: unknown,
  forPeople: () => Promise<void>,
): Promise<number> => {
  if (json) await out.line(toJson(document, 2));
  else await forPeople();
  return exitCodes.ok;
};

export const printList = <Row>(
  context: Printing,
  page: { items: Row[] },
  columns: Column<Row>[],
): Promise<number> => printDocument(context, page, () => printTable(context.out, columns, page.items));
