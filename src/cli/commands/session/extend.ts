import { route } from "../../api/route.ts";
import type { Session } from "../../api/types.ts";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { parsePairs } from "../../files/local-input.ts";
import { printChange } from "./print-session.ts";

export const sessionExtend = defineCommand({
  name: "extend",
  summary: "Change how long a session lives",
  operands: { session: { label: "SESSION", need: "required" } },
  options: {
    ttl: { kind: "number", min: 1000, value: "MS", help: "It ends this long from this moment on" },
    idle: { kind: "number", min: 1000, value: "MS", help: "It ends when nobody used it for this long" },
    metadata: { kind: "list", value: "NAME=VALUE", help: "In place of all notes it has; may be given again" },
  },
  async run(context, { values, operands }) {
    const { ttl: ttlMs, idle: idleMs } = values;
    const metadata = values.metadata.length > 0 ? parsePairs(values.metadata, "--metadata") : undefined;
    if (ttlMs === undefined && idleMs === undefined && metadata === undefined) {
      throw new UsageError("give --ttl, --idle or --metadata", "cloche session extend");
    }
    const path = route`/v1/sessions/${operands.session}`;
    return printChange(
      context,
      await context.api().send<Session>("PATCH", path, { ttlMs, idleMs, metadata }),
    );
  },
});
