import type { Context } from "../context.ts";
import { escapeText, toJson } from "../terminal/escape.ts";
import { toTime } from "../terminal/table.ts";
import { type AuditEvent, isFailure } from "./event.ts";

/** One line: when, what, who, about what. */
export const printEvent = (
  { out, json }: Pick<Context, "out" | "json">,
  event: AuditEvent,
): Promise<void> => {
  if (json) return out.line(toJson(event));
  const { seq, time, type, tenant, actor, subject, data } = event;
  const pairs = [...Object.entries(subject), ...Object.entries(data)].filter(([, value]) => value !== null);
  const about = pairs.map(([name, value]) => `${name}=${short(value)}`).join(" ");
  const who = `${tenant ?? "-"} ${actor?.keyId ?? "-"}`;
  const what = type.padEnd(19);
  const painted = isFailure(event) ? out.paint("yellow", what) : what;
  return out.line(
    `${String(seq).padStart(6)}  ${toTime(time)}  ${painted}  ${escapeText(`${who}  ${about}`)}`,
  );
};

const short = (value: unknown): string => String(value).replace(/^(sha256:[0-9a-f]{12})[0-9a-f]{52}$/, "$1");
