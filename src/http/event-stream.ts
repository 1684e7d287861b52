/** Server-sent events with back-pressure: nothing is taken from the source before the reader took what was sent. */
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";
import { slicesOf } from "./slices.ts";

/** Proxies cut connections that say nothing. */
const HEARTBEAT_MS = 15_000;

export interface StreamEvent {
  id?: number;
  type: string;
  /** JSON: it has no line breaks. Bytes are sent in slices, and not copied. */
  data: string | Buffer;
}

export interface EventStreamOptions {
  /** The types after which nothing comes. */
  last: ReadonlySet<string>;
  /** Whether the reader may have had everything before; asked when nothing came. */
  mayBeEmpty?: () => boolean;
  onError(error: unknown): void;
  /** Called when nothing more is sent, perhaps more than once. */
  onEnd?: () => void;
  /** How an event, and a sign of life between two, are written; default: as server-sent events. */
  toText?: (event: StreamEvent) => string;
  heartbeat?: string;
  heartbeatMs?: number;
  contentType?: string;
}

const encoder = new TextEncoder();

/**
 * Answers with what `events` gives. It is told by its signal when the reader is gone. When it ends without
 * having told the end, the connection is cut: a reader must not take that for the end.
 */
export const eventStream = (
  context: Context<AppEnv>,
  events: (signal: AbortSignal) => AsyncIterable<StreamEvent>,
  {
    last,
    mayBeEmpty = () => false,
    onError,
    onEnd = () => {},
    toText = toEventText,
    heartbeat = ": ping\n\n",
    heartbeatMs = HEARTBEAT_MS,
    contentType = "text/event-stream; charset=utf-8",
  }: EventStreamOptions,
): Response => {
  context.header("content-type", contentType);
  context.header("cache-control", "no-store");
  // For reverse proxies that would hold small pieces back.
  context.header("x-accel-buffering", "no");
  if (context.req.method === "HEAD") {
    onEnd();
    return context.body(null, 200);
  }
  const gone = new AbortController();
  const signal = AbortSignal.any([context.req.raw.signal, gone.signal]);
  const source = events(signal)[Symbol.asyncIterator]();
  let pending: Promise<IteratorResult<StreamEvent>> | undefined;
  let parts: Iterator<Uint8Array> = [][Symbol.iterator]();
  let ended = false;
  let sent = false;

  const cut = (controller: ReadableStreamDefaultController, error: unknown) => {
    onEnd();
    // The server would end an answer whose stream fails with the error's text: as if that were content.
    const outgoing = context.env?.outgoing;
    if (outgoing) outgoing.destroy();
    else controller.error(error);
  };
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          const part = signal.aborted ? undefined : parts.next();
          if (part && !part.done) return controller.enqueue(part.value);
          pending ??= source.next();
          const next = await orHeartbeat(pending, heartbeatMs);
          if (signal.aborted) return cut(controller, signal.reason);
          if (next === "heartbeat") return controller.enqueue(encoder.encode(heartbeat));
          pending = undefined;
          if (!next.done) {
            sent = true;
            ended = last.has(next.value.type);
            parts = partsOf(next.value, toText);
            const first = parts.next();
            if (!first.done) controller.enqueue(first.value);
            return;
          }
          if (ended || (!sent && mayBeEmpty())) {
            onEnd();
            controller.close();
          } else cut(controller, new Error("the stream ended before its end was known"));
        } catch (error) {
          onError(error);
          cut(controller, error);
        }
      },
      cancel() {
        onEnd();
        gone.abort();
        void source.return?.(undefined).catch(onError);
      },
    },
    { highWaterMark: 0 },
  );
  return context.body(body, 200);
};

const toEventText = (event: StreamEvent): string => `${toEventHead(event)}data: ${event.data}\n\n`;

const toEventHead = ({ id, type }: StreamEvent): string =>
  `${id === undefined ? "" : `id: ${id}\n`}event: ${type}\n`;

/** Bytes are always written as server-sent events. */
function* partsOf(event: StreamEvent, toText: (event: StreamEvent) => string): Generator<Uint8Array> {
  const { data } = event;
  if (typeof data === "string") return yield encoder.encode(toText(event));
  yield encoder.encode(`${toEventHead(event)}data: `);
  yield* slicesOf(data);
  yield encoder.encode("\n\n");
}

const orHeartbeat = async <Value>(pending: Promise<Value>, ms: number): Promise<Value | "heartbeat"> => {
  const { promise, resolve: beat } = Promise.withResolvers<"heartbeat">();
  const timer = setTimeout(() => beat("heartbeat"), ms);
  try {
    return await Promise.race([pending, promise]);
  } finally {
    clearTimeout(timer);
  }
};

/** Whether the request asks for events rather than for one answer. */
export const wantsEvents = (context: Context<AppEnv>): boolean =>
  (context.req.header("accept") ?? "").toLowerCase().includes("text/event-stream");
