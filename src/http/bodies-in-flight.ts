/** A bound on the bodies of all requests together: each may be within its own, and all of them still too much. */
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../domain/errors.ts";
import type { AppEnv } from "./app-env.ts";

/** The small ones get in also where it is full: asking, cancelling and deleting are what makes room. */
const SMALL = 65_536;

interface Bounds {
  maxBodyBytes: number;
  maxBodiesBytes: number;
}

/** Counts a body from here to its handler's end, whether it has come or not. Throws `capacity_exhausted`. */
export const boundBodies = ({ maxBodyBytes, maxBodiesBytes }: Bounds) => {
  let reserved = 0;
  return createMiddleware<AppEnv>(async (context, next) => {
    const bytes = announced(context.req.raw.headers, maxBodyBytes);
    // One that is too large on its own is refused as that, unread.
    if (bytes <= SMALL || bytes > maxBodyBytes) return await next();
    if (!(reserved + bytes <= maxBodiesBytes)) {
      const message = `The bodies of all requests together may have ${maxBodiesBytes} bytes`;
      throw new ServiceError("capacity_exhausted", message, { retryAfterSeconds: 1 });
    }
    reserved += bytes;
    try {
      await next();
    } finally {
      reserved -= bytes;
    }
  });
};

/** Without one of these two headers a request has no body. */
const announced = (headers: Headers, most: number): number =>
  headers.has("transfer-encoding") ? most : Number(headers.get("content-length") ?? 0);
