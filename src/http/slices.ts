/** Bytes that many share, sent to each as fast as it takes them: a reader costs one slice, not the whole. */
import type { Context } from "hono";
import type { AppEnv } from "./app-env.ts";

export const SLICE = 65_536;

/** Parts of the same memory. */
export function* slicesOf(bytes: Buffer): Generator<Buffer> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

/** Answers with JSON; `onEnd` is called once: when all is taken, or nobody takes it. */
export const sendJson = (context: Context<AppEnv>, json: Buffer, onEnd: () => void = () => {}): Response => {
  const headers = { "content-type": "application/json", "content-length": String(json.length) };
  if (context.req.method === "HEAD") {
    onEnd();
    return context.body(null, 200, headers);
  }
  const slices = slicesOf(json);
  const body = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        const { done, value } = slices.next();
        if (!done) return controller.enqueue(value);
        onEnd();
        controller.close();
      },
      cancel: onEnd,
    },
    { highWaterMark: 0 },
  );
  return context.body(body, 200, headers);
};
