/** An answer as JSON, or as what a command makes of it for people. */
import type { Context } from "../context.ts";
import { exitCodes } from "../errors.ts";
import { toJson } from "./escape.ts";

export const printDocument = async (
  { json, out }: Pick<Context, "json" | "out">,
  document: unknown,
  forPeople: () => Promise<void>,
): Promise<number> => {
  if (json) await out.line(toJson(document, 2));
  else await forPeople();
  return exitCodes.ok;
};
