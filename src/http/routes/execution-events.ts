/** The events of one execution, live or told again. */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { Ledger } from "../../engine/executions/ledger.ts";
import { replay } from "../../engine/executions/replay.ts";
import type { ExecutionStore } from "../../engine/ports/stores.ts";
import type { AppEnv } from "../app-env.ts";
import { eventStream } from "../event-stream.ts";

interface EventDependencies {
  ledger: Ledger;
  store: ExecutionStore;
  onError(error: unknown, requestId: string): void;
}

const last = new Set(["finished", "error"]);

/** The events after the given one. Throws `not_found`. */
export const executionEvents = (
  context: Context<AppEnv>,
  { ledger, store, onError }: EventDependencies,
  visibleTo: string | undefined,
  { id, after }: { id: string; after: number },
): Response => {
  const options = { last, onError: (error: unknown) => onError(error, context.get("requestId")) };
  const live = ledger.find(visibleTo, id);
  if (live) {
    const mayBeEmpty = () => after > 0 && live.feed.ended;
    return eventStream(context, (signal) => live.feed.read(after, signal), { ...options, mayBeEmpty });
  }
  const stored = store.find(visibleTo, id);
  if (stored === undefined)
    throw new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);
  const timeline = store.timeline(visibleTo, id) ?? ("" as NonNullable<ReturnType<typeof store.timeline>>);
  const mayBeEmpty = () => after > 0;
  return eventStream(context, () => toAsync(replay(stored, timeline, after)), { ...options, mayBeEmpty });
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
