/** Who asked, and as part of what: ids that lead through logs, answers and into the run. */
import { randomUUID } from "node:crypto";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "./app-env.ts";

const requestIdShape = /^[\w.-]{1,128}$/;
/** W3C Trace Context; all zeros are no ids, and another version may look otherwise. */
const traceparentShape = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;

export const trace = createMiddleware<AppEnv>(async (context, next) => {
  const given = context.req.header("x-request-id");
  const requestId = given && requestIdShape.test(given) ? given : randomUUID();
  context.set("requestId", requestId);
  const traceparent = context.req.header("traceparent");
  if (traceparent && traceparentShape.test(traceparent)) context.set("traceparent", traceparent);
  await next();
  context.res.headers.set("x-request-id", requestId);
});

/** One line of the log for each request. Never a header, a query or a body: there may be secrets in them. */
export interface RequestLine {
  requestId: string;
  traceparent?: string | undefined;
  tenant?: string | undefined;
  keyId?: string | undefined;
  method: string;
  path: string;
  status: number;
  ms: number;
}

export const logRequests = (write: (line: RequestLine) => void) =>
  createMiddleware<AppEnv>(async (context, next) => {
    const started = performance.now();
    // What is thrown past the error handler is a caller's going away.
    let status = 499;
    try {
      await next();
      ({ status } = context.res);
    } finally {
      const caller = context.get("caller") as AppEnv["Variables"]["caller"] | undefined;
      write({
        requestId: context.get("requestId"),
        traceparent: context.get("traceparent"),
        tenant: caller?.tenant,
        keyId: caller?.keyId,
        method: context.req.method,
        path: context.req.path,
        status,
        ms: Math.round((performance.now() - started) * 10) / 10,
      });
    }
  });
