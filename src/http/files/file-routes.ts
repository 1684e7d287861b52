/** The files of a session over HTTP. Content streams both ways and is never held here as a whole. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { createMiddleware } from "hono/factory";
import type { AppEnv } from "../app-env.ts";
import { invalidRequest } from "../validation.ts";
import { archiveRoutes } from "./archive-routes.ts";
import type { FileRouteDependencies } from "./dependencies.ts";
import { checkEncoding } from "./request-path.ts";
import { singleFileRoutes } from "./single-file-routes.ts";

/** To be mounted before any middleware that reads whole bodies: these routes bound their bodies themselves. */
export const fileRoutes = (deps: FileRouteDependencies): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.use("/v1/sessions/:id/files/*", wellEncoded);
  archiveRoutes(routes, deps);
  singleFileRoutes(routes, deps);
  return routes;
};

const wellEncoded = createMiddleware<AppEnv>(async (context, next) => {
  checkEncoding(context);
  await next();
});
