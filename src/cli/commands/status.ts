import { toProblemError } from "../api/problem.ts";
import type { Readiness } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import { ConnectionError, exitCodes } from "../errors.ts";
import { printDocument } from "../terminal/document.ts";
import { printTable } from "../terminal/table.ts";

export const status = defineCommand({
  name: "status",
  summary: "Whether the service can run code, and if not, why",
  notes: "The exit code is 0 where it can and 125 where it can't.",
  operands: {},
  options: {},
  async run(context) {
    const response = await context.api().peek("/readyz");
    // Not being ready is an answer too.
    if (!response.ok && response.status !== 503) throw await toProblemError(response);
    const readiness: unknown = await response.json().catch(() => undefined);
    if (!isReadiness(readiness))
      throw new ConnectionError(`${context.api().url} does not answer as Cloche does`);
    const { ready, checks, pools } = readiness;
    await printDocument(context, readiness, async () => {
      const { out } = context;
      await out.line(ready ? out.paint("green", "ready") : out.paint("red", "not ready"));
      await out.line();
      await printTable(
        out,
        [
          { head: "CHECK", cell: ({ name }) => name },
          {
            head: "OK",
            cell: ({ ok }) => (ok ? "yes" : "no"),
            style: ({ ok }) => (ok ? undefined : "red"),
          },
          { head: "DETAIL", cell: ({ detail }) => detail },
        ],
        checks,
      );
      if (pools.length === 0) return;
      await out.line();
      await printTable(
        out,
        [
          { head: "IMAGE", cell: ({ image }) => image },
          { head: "POLICY", cell: ({ policy }) => policy },
          { head: "STATE", cell: ({ state }) => state },
          { head: "WARM", cell: ({ warm, target }) => `${warm}/${target}`, right: true },
          { head: "CREATING", cell: ({ creating }) => creating, right: true },
          { head: "WAITING", cell: ({ waiting }) => waiting, right: true },
          { head: "REASON", cell: ({ reason }) => reason },
        ],
        pools,
      );
    });
    return ready ? exitCodes.ok : exitCodes.fault;
  },
});

const isReadiness = (value: unknown): value is Readiness =>
  typeof value === "object" &&
  value !== null &&
  "ready" in value &&
  typeof value.ready === "boolean" &&
  "checks" in value &&
  Array.isArray(value.checks) &&
  "pools" in value &&
  Array.isArray(value.pools);
