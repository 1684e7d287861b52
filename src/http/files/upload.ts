/** The body of a request as it arrives, bounded in bytes and time. Nothing reads ahead of who consumes it. */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { AppEnv } from "../app-env.ts";

export interface UploadBounds {
  maxBytes: number;
  maxMs: number;
  clock: Pick<Clock, "after">;
}

export interface Upload {
  /** Can be read once. Rejects above the bounds, and when the caller goes away. */
  content: AsyncIterable<Buffer>;
  /** How many have come so far. */
  bytes(): number;
}

/** Throws `payload_too_large` at once where the header says so already. */
export const receive = (context: Context<AppEnv>, bounds: UploadBounds): Upload => {
  const declared = Number(context.req.header("content-length") ?? 0);
  if (declared > bounds.maxBytes) throw tooLarge(bounds.maxBytes);
  let received = 0;
  const count = (more: number) => {
    received += more;
    if (received > bounds.maxBytes) throw tooLarge(bounds.maxBytes);
  };
  return { content: pieces(context.req.raw.body, count, bounds), bytes: () => received };
};

async function* pieces(
  body: ReadableStream<Uint8Array> | null,
  count: (more: number) => void,
  { maxMs, clock }: UploadBounds,
): AsyncGenerator<Buffer> {
  if (!body) return;
  const reader = body.getReader();
  let late = false;
  const stop = clock.after(maxMs, () => {
    late = true;
    // A read that waits ends with it.
    reader.cancel().catch(() => {});
  });
  try {
    for (;;) {
      const { done, value } = await reader.read().catch(() => {
        throw new ServiceError("invalid_request", "The request body broke off");
      });
      if (late) throw new ServiceError("payload_too_large", `The request took longer than ${maxMs} ms`);
      if (done) return;
      count(value.byteLength);
      yield Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    }
  } finally {
    stop();
    reader.cancel().catch(() => {});
  }
}

const tooLarge = (maxBytes: number) =>
  new ServiceError("payload_too_large", `The request body must be at most ${maxBytes} bytes`);
