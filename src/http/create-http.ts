/** The HTTP face: middleware, error handling and the routes, over an engine that does the work. */
import { randomUUID } from "node:crypto";
import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { ServiceError } from "../domain/errors.ts";
import type { Secret } from "../domain/secret.ts";
import type { Catalog } from "../engine/catalog.ts";
import type { Executor } from "../engine/executor.ts";
import type { ExecutionStore } from "../engine/ports.ts";
import type { Readiness } from "../engine/readiness.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticate } from "./auth.ts";
import { openApiInfo } from "./openapi.ts";
import { toProblem } from "./problem.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { docsRoutes } from "./routes/docs.ts";
import { executionRoutes } from "./routes/executions.ts";
import { healthRoutes } from "./routes/health.ts";
import { invalidRequest } from "./validation.ts";

export interface HttpDependencies {
  executor: Pick<Executor, "execute">;
  store: Pick<ExecutionStore, "find">;
  catalog: Catalog;
  readiness(): Promise<Readiness>;
  metrics(): Promise<string>;
  /** undefined lets every request pass. */
  apiKey: Secret | undefined;
  /** Who the requests belong to. */
  tenant: string;
  maxBodyBytes: number;
  onError(error: unknown, requestId: string): void;
}

export const createHttp = (deps: HttpDependencies): OpenAPIHono<AppEnv> => {
  const app = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });

  app.use(async (context, next) => {
    const given = context.req.header("x-request-id");
    const requestId = given && /^[\w.-]{1,128}$/.test(given) ? given : randomUUID();
    context.set("requestId", requestId);
    context.header("x-request-id", requestId);
    await next();
  });
  app.use(
    secureHeaders({
      contentSecurityPolicy: {
        defaultSrc: ["'self'"],
        imgSrc: ["'self'", "data:"],
        // Swagger UI sets style attributes.
        styleSrc: ["'self'", "'unsafe-inline'"],
        frameAncestors: ["'none'"],
      },
    }),
  );
  // Before anything reads a body: strangers don't get to fill our memory.
  app.use("/v1/*", authenticate(deps.apiKey, deps.tenant));
  app.use("/metrics", authenticate(deps.apiKey, deps.tenant));
  app.use(
    bodyLimit({
      maxSize: deps.maxBodyBytes,
      onError: () => {
        throw new ServiceError(
          "payload_too_large",
          `The request body must be at most ${deps.maxBodyBytes} bytes`,
        );
      },
    }),
  );

  app.route("/", healthRoutes(deps.readiness, deps.metrics));
  app.route("/", executionRoutes(deps.executor, deps.store));
  app.route("/", catalogRoutes(deps.catalog));
  app.route("/", docsRoutes());
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", openApiInfo);

  app.notFound((context) =>
    toProblem(
      context,
      new ServiceError("not_found", `There is no ${context.req.method} ${context.req.path}`),
    ),
  );
  app.onError((error, context) => {
    const requestId = context.get("requestId");
    // The caller went away and its run was cancelled: nobody reads this, and nothing failed.
    if (context.req.raw.signal.aborted) return new Response(null, { status: 499 });
    if (error instanceof ServiceError) {
      if (error.cause !== undefined) deps.onError(error, requestId);
      return toProblem(context, error);
    }
    if (error instanceof HTTPException && error.status < 500) {
      const message =
        error.status === 415 ? "Send the body with Content-Type: application/json" : error.message;
      return toProblem(context, new ServiceError("invalid_request", message));
    }
    deps.onError(error, requestId);
    const message = `The service failed; quote request ${requestId} to its operator`;
    return toProblem(context, new ServiceError("internal", message));
  });
  return app;
};
