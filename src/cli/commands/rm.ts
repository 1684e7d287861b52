import { routeOfFile, toQuery } from "../api/route.ts";
import { defineCommand } from "../command.ts";
import { UsageError } from "../errors.ts";
import { parseRef } from "../files/workspace-ref.ts";
import { printDocument } from "../terminal/document.ts";

export const rm = defineCommand({
  name: "rm",
  summary: "Remove a file or folder of a session",
  operands: { path: { label: "SESSION:PATH", need: "required" } },
  options: { recursive: { kind: "flag", short: "r", help: "A folder with all that is in it" } },
  async run(context, { values, operands }) {
    const ref = parseRef(operands.path);
    if (!ref) throw new UsageError(`SESSION:PATH is expected, not "${operands.path}"`, "cloche rm");
    // cloche session reset does that, and gives it a sandbox that nothing was left in.
    if (ref.path === "") throw new UsageError("the workspace itself can't be removed", "cloche rm");
    const path = routeOfFile(ref.session, ref.path) + toQuery(values.recursive ? { recursive: true } : {});
    const answer = await context.api().send<{ removed: number }>("DELETE", path);
    return printDocument(context, answer, async () => {});
  },
});
