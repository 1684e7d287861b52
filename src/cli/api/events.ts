/** The events of one execution, from one stream. */
import { createParser } from "eventsource-parser";
import { ConnectionError, type Problem } from "../errors.ts";
import { causeOf } from "./client.ts";
import type { Execution } from "./types.ts";

type Piece = { text: string } | { base64: string };

interface EventData {
  started: { execution: { id: string; status: string } };
  stdout: Piece;
  stderr: Piece;
  result: { forms: Record<string, string>; truncated: boolean };
  file: { path: string; bytes: number };
  finished: { execution: Execution };
  error: Problem;
}

export type RunEvent = {
  [K in keyof EventData]: { id: number; event: K; data: EventData[K] };
}[keyof EventData];

/** The stream stopped before its end; what came was whole. */
export class StreamBroken extends Error {
  override readonly name = "StreamBroken";
}

/** It said nothing for longer than a heartbeat takes, or than the reader wants to wait. */
export class StreamSilent extends StreamBroken {}

/** Events of a kind that this program does not know are for newer ones. */
const known: ReadonlySet<string> = new Set<keyof EventData>([
  "started",
  "stdout",
  "stderr",
  "result",
  "file",
  "finished",
  "error",
]);

/** Throws StreamBroken where the stream ends without its last event. */
export async function* readEvents(response: Response, silenceMs: number): AsyncGenerator<RunEvent> {
  if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream")) {
    await response.body?.cancel();
    throw new ConnectionError("The service answered without an event stream: is it Cloche?");
  }
  const events: RunEvent[] = [];
  const parser = createParser({
    onEvent: ({ id, event, data }) => {
      if (event !== undefined && known.has(event)) events.push(toEvent(id, event, data));
    },
  });
  const decoder = new TextDecoder();
  for await (const chunk of chunksOf(response.body, silenceMs)) {
    parser.feed(decoder.decode(chunk, { stream: true }));
    for (const event of events.splice(0)) {
      yield event;
      if (isLast(event)) return;
    }
  }
  throw new StreamBroken("it ended before the run did");
}

export const isLast = ({ event }: RunEvent): boolean => event === "finished" || event === "error";

const toEvent = (id: string | undefined, event: string, data: string): RunEvent => {
  try {
    const number = Number(id);
    if (!Number.isSafeInteger(number)) throw new Error(`id ${id}`);
    return { id: number, event, data: JSON.parse(data) } as RunEvent;
  } catch (error) {
    throw new ConnectionError(`The service sent an event that cannot be read: ${causeOf(error)}`);
  }
};

/** Waiting counts, not the time that whoever takes the chunks needs. */
async function* chunksOf(body: ReadableStream<Uint8Array>, silenceMs: number): AsyncGenerator<Uint8Array> {
  const reader = body.getReader();
  try {
    while (true) {
      const { done, value } = await soon(reader.read(), silenceMs);
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw error instanceof StreamBroken ? error : new StreamBroken(causeOf(error));
  } finally {
    // Also on the way out of a broken stream, which has nothing to say to that.
    reader.cancel().catch(() => {});
  }
}

const soon = async <T>(promise: Promise<T>, milliseconds: number): Promise<T> => {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new StreamSilent("it went silent")), milliseconds);
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
};
