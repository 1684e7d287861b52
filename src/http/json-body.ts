/** Reads a JSON body once, after a look at its depth: all who ask for it get the same value. */
import type { Context } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../domain/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { isDeeperThan } from "./json-depth.ts";

const MAX_DEPTH = 64;

/** As the validator asks: what it doesn't take for JSON it doesn't parse. */
const jsonType = /^application\/([\w.-]+\+)?json$/i;

export const hasJson = (context: Context<AppEnv>): boolean =>
  jsonType.test((context.req.header("content-type") ?? "").split(";")[0]?.trim() ?? "");

/** Not for bodies that are bytes, whatever type they are sent as. Throws `invalid_request` when it is too deep. */
export const readJson = createMiddleware<AppEnv>(async (context, next) => {
  if (hasJson(context) && context.req.method !== "GET" && context.req.method !== "HEAD") {
    const bytes = Buffer.from(await context.req.arrayBuffer());
    if (isDeeperThan(bytes, MAX_DEPTH)) {
      const issues = [{ field: "(body)", message: `must be nested at most ${MAX_DEPTH} deep` }];
      throw new ServiceError("invalid_request", "The request is wrong in: (body)", { issues });
    }
    const parsed = parse(bytes);
    // Asked for JSON, hono parses the bytes it has cached each time anew.
    context.req.json = async () => parsed();
  }
  await next();
});

/** What is no JSON is the validator's to refuse, and only where a route wants JSON. */
const parse = (bytes: Buffer): (() => never) => {
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return () => value as never;
  } catch (error) {
    return () => {
      throw error;
    };
  }
};
