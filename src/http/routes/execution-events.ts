/** The events of one execution, live or told again. */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { Ledger } from "../../engine/executions/ledger.ts";
import { replay } from "../../engine/executions/replay.ts";
import type { SharedRecords } from "../../engine/executions/shared-records.ts";
import { StoredRecord } from "../../engine/executions/stored-record.ts";
import type { AppEnv } from "../app-env.ts";
import { eventStream } from "../event-stream.ts";
import type { OpenStreams } from "../open-streams.ts";

interface EventDependencies {
  ledger: Ledger;
  records: SharedRecords;
  streams: OpenStreams;
  onError(error: unknown, requestId: string): void;
}

const last = new Set(["finished", "error"]);

/**
 * The events after the given one. Throws `not_found`, or `capacity_exhausted` where the caller has not `leave`,
 * its place among the open streams, already.
 */
export const executionEvents = (
  context: Context<AppEnv>,
  { ledger, records, streams, onError }: EventDependencies,
  visibleTo: string | undefined,
  { id, after, leave }: { id: string; after: number; leave?: () => void },
): Response => {
  const told = ledger.find(visibleTo, id) ?? records.find(visibleTo, id);
  if (!told) throw new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);
  const options = {
    last,
    onError: (error: unknown) => onError(error, context.get("requestId")),
    onEnd: leave ?? streams.enter(context.get("caller").tenant),
  };
  if (!(told instanceof StoredRecord)) {
    const { feed } = told;
    const mayBeEmpty = () => after > 0 && feed.ended;
    return eventStream(context, (signal) => feed.read(after, signal), { ...options, mayBeEmpty });
  }
  const mayBeEmpty = () => after > 0;
  return eventStream(context, () => toAsync(replay(told, after)), { ...options, mayBeEmpty });
};

/** After which event the request wants to go on: 0 where it names none. Throws `invalid_request`. */
export const lastEventId = (context: Context<AppEnv>): number => {
  const field = context.req.header("last-event-id") === undefined ? "after" : "Last-Event-ID";
  const text = context.req.header("last-event-id") ?? context.req.query("after") ?? "0";
  if (/^\d{1,15}$/.test(text)) return Number(text);
  const issues = [{ field, message: "must be the id of an event" }];
  throw new ServiceError("invalid_request", `The request is wrong in: ${field}`, { issues });
};

async function* toAsync<Item>(items: Iterable<Item>): AsyncGenerator<Item> {
  yield* items;
}
