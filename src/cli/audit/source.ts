/** Events of a folder, or of the service. */
import { resolve } from "node:path";
import { setImmediate } from "node:timers/promises";
import type { Context } from "../context.ts";
import { InputError } from "../errors.ts";
import { type AuditEvent, type EventFilter, eventTypes } from "./event.ts";
import { linesOf, segmentsIn } from "./folder.ts";

const PAGE = 500;
/** Lines between two looks at what else is to be done. */
const BREATH = 5_000;

/** Oldest first. Lines that are no records are for `audit verify` to name. */
export async function* eventsOfFolder(folder: string, filter: EventFilter): AsyncGenerator<AuditEvent> {
  let read = 0;
  for (const { path } of segmentsIn(folder)) {
    for (const { text, whole } of linesOf(path)) {
      read += 1;
      if (read % BREATH === 0) await setImmediate();
      const event = whole ? parse(text) : undefined;
      if (event && isAsked(event, filter)) yield event;
    }
  }
}

/** Newest first. */
export async function* eventsOfService(context: Context, filter: EventFilter): AsyncGenerator<AuditEvent> {
  let cursor: string | null = null;
  do {
    const query: Record<string, string | number | undefined> = {
      ...inUtc(filter),
      limit: PAGE,
      cursor: cursor ?? undefined,
    };
    const page: { items: AuditEvent[]; nextCursor: string | null } = await context
      .api()
      .get("/v1/audit/events", query);
    yield* page.items;
    cursor = page.nextCursor;
  } while (cursor !== null);
}

/** The last so many, oldest first. */
export const lastEvents = async (
  context: Context,
  folder: string | undefined,
  filter: EventFilter,
  limit: number,
): Promise<AuditEvent[]> => {
  const last: AuditEvent[] = [];
  if (folder !== undefined) {
    for await (const event of eventsOfFolder(resolve(context.cwd, folder), filter)) {
      last.push(event);
      if (last.length > limit) last.shift();
    }
    return last;
  }
  for await (const event of eventsOfService(context, filter)) {
    if (last.push(event) === limit) break;
  }
  return last.reverse();
};

export const filterOptions = {
  type: { kind: "text", value: "TYPE", help: "Only events of this type, for example execution.denied" },
  tenant: { kind: "text", value: "NAME", help: "Only this tenant's" },
  subject: { kind: "text", value: "ID", help: "Only events about this execution, session, key or policy" },
  after: { kind: "text", value: "TIME", help: "From this time on, for example 2026-11-23T10:00:00Z" },
  before: { kind: "text", value: "TIME", help: "Up to this time" },
} as const;

/** Throws InputError for what is no type of event, and for what is no time. */
export const toFilter = ({ type, tenant, subject, after, before }: EventFilter): EventFilter => {
  if (type !== undefined && !eventTypes.includes(type)) {
    throw new InputError(`--type must be one of ${eventTypes.join(", ")}, not "${type}"`);
  }
  for (const [name, time] of Object.entries({ after, before })) {
    if (time !== undefined && Number.isNaN(Date.parse(time)))
      throw new InputError(`--${name} must be a time, not "${time}"`);
  }
  return { type, tenant, subject, after, before };
};

const inUtc = ({ after, before, ...rest }: EventFilter) => ({
  ...rest,
  after: after === undefined ? undefined : new Date(after).toISOString(),
  before: before === undefined ? undefined : new Date(before).toISOString(),
});

const isAsked = (event: AuditEvent, { type, tenant, subject, after, before }: EventFilter): boolean =>
  (type === undefined || event.type === type) &&
  (tenant === undefined || event.tenant === tenant) &&
  (subject === undefined || Object.values(event.subject).includes(subject)) &&
  (after === undefined || Date.parse(event.time) >= Date.parse(after)) &&
  (before === undefined || Date.parse(event.time) <= Date.parse(before));

const parse = (text: string): AuditEvent | undefined => {
  try {
    const event: AuditEvent = JSON.parse(text);
    return typeof event === "object" && event !== null && typeof event.subject === "object"
      ? event
      : undefined;
  } catch {
    return undefined;
  }
};
