/** The HTTP face without anything but errors: a test puts in the parts that it is about. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { ServiceError } from "../../src/domain/errors.ts";
import type { Caller } from "../../src/domain/tenant.ts";
import type { AppEnv } from "../../src/http/app-env.ts";
import { toProblem } from "../../src/http/problem.ts";

export const bareHttp = (): OpenAPIHono<AppEnv> => {
  const app = new OpenAPIHono<AppEnv>();
  app.use(async (context, next) => {
    context.set("requestId", "request-1");
    await next();
  });
  app.onError((error, context) => {
    if (error instanceof ServiceError) return toProblem(context, error);
    throw error;
  });
  return app;
};

/** Every request is this caller's. */
export const bareHttpOf = (caller: Caller, ...parts: OpenAPIHono<AppEnv>[]): OpenAPIHono<AppEnv> => {
  const app = bareHttp();
  app.use(async (context, next) => {
    context.set("caller", caller);
    await next();
  });
  for (const part of parts) app.route("/", part);
  return app;
};
