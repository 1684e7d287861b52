/**
 * How often a tenant may change something, and headers that say how much of that is left
 * (draft-ietf-httpapi-ratelimit-headers).
 */
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../domain/errors.ts";
import { type Rate, type RateState, WINDOW_SECONDS } from "../engine/tenants/rate.ts";
import type { AppEnv } from "./app-env.ts";
import { isReading } from "./auth.ts";

/** Comes after `authenticate`. Requests that only read are told the state and cost nothing. */
export const limitRate = (rate: Pick<Rate, "take" | "look">) =>
  createMiddleware<AppEnv>(async (context, next) => {
    const { tenant } = context.get("caller");
    const { ok, state } = isReading(context.req) ? { ok: true, state: rate.look(tenant) } : rate.take(tenant);
    const headers = toHeaders(state);
    if (!ok) {
      for (const [name, value] of headers) context.header(name, value);
      const message = `The tenant may send ${state.quota} requests in ${WINDOW_SECONDS} s that change something`;
      throw new ServiceError("rate_limited", message, { retryAfterSeconds: state.waitSeconds });
    }
    await next();
    for (const [name, value] of headers) context.res.headers.set(name, value);
  });

const toHeaders = ({ quota, remaining, resetSeconds }: RateState): [string, string][] => [
  ["RateLimit-Policy", `"requests";q=${quota};w=${WINDOW_SECONDS}`],
  ["RateLimit", `"requests";r=${remaining};t=${resetSeconds}`],
];
