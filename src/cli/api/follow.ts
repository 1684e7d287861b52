/** The events of one execution to their end, over as many streams as that takes, each event once. */
import { ConnectionError, ProblemError, Unreachable } from "../errors.ts";
import type { Api } from "./client.ts";
import { isLast, type RunEvent, readEvents, StreamBroken } from "./events.ts";
import { route } from "./route.ts";

/** Streams in a row that brought nothing: 40 seconds, in which a service can be started again. */
const MAX_FRUITLESS = 12;
const MAX_PAUSE_MS = 5_000;

/** Throws ConnectionError when it can't be resumed; an abort ends it with the signal's reason. */
export async function* follow(api: Api, id: string, signal: AbortSignal): AsyncGenerator<RunEvent> {
  let last = 0;
  let fruitless = 0;
  while (true) {
    const before = last;
    try {
      for await (const event of readEvents(await openStream(api, id, last, signal), api.times.silenceMs)) {
        // A service that starts over must not make us print twice.
        if (event.id <= last) continue;
        last = event.id;
        yield event;
        if (isLast(event)) return;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!isWorthATry(error)) throw error;
      fruitless = last > before ? 0 : fruitless + 1;
      if (fruitless === MAX_FRUITLESS) {
        throw new ConnectionError(
          `The stream of ${id} broke and could not be resumed (${error.message}); see cloche logs ${id}`,
        );
      }
      await api.times.pause(Math.min(MAX_PAUSE_MS, 100 * 2 ** fruitless));
      signal.throwIfAborted();
    }
  }
}

/** From the event after `last`. One try: `follow` counts. */
export const openStream = (api: Api, id: string, last: number, signal: AbortSignal): Promise<Response> =>
  api.request({
    method: "GET",
    path: route`/v1/executions/${id}/events`,
    headers: { accept: "text/event-stream", ...(last > 0 ? { "last-event-id": String(last) } : {}) },
    signal,
    once: true,
  });

const isWorthATry = (error: unknown): error is Error =>
  error instanceof StreamBroken ||
  error instanceof Unreachable ||
  (error instanceof ProblemError && error.problem.retryable);
