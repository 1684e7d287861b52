/**
 * Sends content piece by piece, as fast as the caller takes it. Content that fails cuts the connection: an answer
 * that ends well is always the whole content.
 */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { Clock } from "../../engine/ports/clock.ts";
import type { AppEnv } from "../app-env.ts";

export interface SendBounds {
  maxMs: number;
  clock: Pick<Clock, "after">;
  /** Called once: when all is sent, or it was cut or given up. `error` is what cut it. */
  onEnd(sentBytes: number, error?: unknown): void;
}

/** Rejects as long as nothing is sent: with what the content's first piece rejects with. */
export const sendStream = async (
  context: Context<AppEnv>,
  content: AsyncIterable<Buffer>,
  bounds: SendBounds,
): Promise<ReadableStream<Uint8Array>> => {
  const iterator = content[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<Buffer>> | undefined = Promise.resolve(await iterator.next());
  let sent = 0;
  let ended = false;
  const end = (error?: unknown) => {
    if (ended) return;
    ended = true;
    stop();
    signal.removeEventListener("abort", abandoned);
    iterator.return?.().catch(() => {});
    bounds.onEnd(sent, error);
  };
  const { signal } = context.req.raw;
  const abandoned = () => cut(signal.reason);
  let cut: (error: unknown) => void = end;
  const stop = bounds.clock.after(bounds.maxMs, () =>
    cut(new ServiceError("payload_too_large", `The answer took longer than ${bounds.maxMs} ms`)),
  );
  signal.addEventListener("abort", abandoned);
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        cut = (error) => {
          if (ended) return;
          end(error);
          // The server would end an answer whose stream fails with the error's text: as if that were content.
          const outgoing = context.env?.outgoing;
          if (outgoing) outgoing.destroy();
          else controller.error(error);
        };
        if (signal.aborted) abandoned();
      },
      async pull(controller) {
        const result = await (next ?? iterator.next()).catch((error: unknown) => cut(error));
        next = undefined;
        if (!result || ended) return;
        if (result.done) {
          end();
          controller.close();
        } else {
          sent += result.value.byteLength;
          controller.enqueue(result.value);
        }
      },
      cancel: () => end(),
    },
    { highWaterMark: 0 },
  );
};

/**
 * Rejects when the content has not exactly as many bytes as was said. The last piece is held back until the content
 * has ended well: whoever has got all bytes has got the right ones.
 */
export async function* exactly(content: AsyncIterable<Buffer>, bytes: number): AsyncGenerator<Buffer> {
  let left = bytes;
  let held: Buffer | undefined;
  for await (const piece of content) {
    left -= piece.byteLength;
    if (left < 0) break;
    if (held) yield held;
    held = piece.byteLength > 0 ? piece : undefined;
  }
  if (left !== 0) throw new ServiceError("file_refused", "The file was changed while it was read");
  if (held) yield held;
}

/** Lets go of content that nobody wants: what is never read is never closed either. */
export const discard = async (content: AsyncIterable<Buffer>): Promise<void> => {
  for await (const _ of content) return;
};
