/** What an address without an answer gets: another method would do, or there is nothing at all. */
import type { Context, Hono } from "hono";
import { ServiceError } from "../domain/errors.ts";
import type { AppEnv } from "./app-env.ts";
import { toProblem } from "./problem.ts";

const methods = ["GET", "POST", "PUT", "PATCH", "DELETE"];

export const notFoundOrNotAllowed = (app: Hono<AppEnv>, context: Context<AppEnv>): Response => {
  const { method, path } = context.req;
  const allowed = methods.filter((other) => isRouted(app, other, path));
  if (allowed.length === 0) {
    return toProblem(context, new ServiceError("not_found", `There is no ${method} ${path}`));
  }
  // Hono answers HEAD with what answers GET.
  const allow = allowed.flatMap((name) => (name === "GET" ? ["GET", "HEAD"] : [name])).join(", ");
  context.header("allow", allow);
  return toProblem(context, new ServiceError("method_not_allowed", `${path} takes ${allow}, not ${method}`));
};

/** Middleware stands for every method, and answers none. */
const isRouted = (app: Hono<AppEnv>, method: string, path: string): boolean =>
  app.router.match(method, path)[0].some(([[, route]]) => route.method === method);
