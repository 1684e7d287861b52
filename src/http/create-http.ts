/** The HTTP face: middleware, error handling and the routes, over an engine that does the work. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import { secureHeaders } from "hono/secure-headers";
import { ServiceError } from "../domain/errors.ts";
import type { SigningKey } from "../domain/signing-key.ts";
import type { AccessDenials } from "../engine/audit/access-denials.ts";
import type { Catalog } from "../engine/catalog/catalog.ts";
import type { Batches } from "../engine/executions/batches.ts";
import type { Executor } from "../engine/executions/executor.ts";
import type { Ledger } from "../engine/executions/ledger.ts";
import { SharedRecords } from "../engine/executions/shared-records.ts";
import type { Idempotency } from "../engine/idempotency.ts";
import type { PolicyDesk } from "../engine/policies/policy-desk.ts";
import type { AuditReader } from "../engine/ports/audit-log.ts";
import type { ExecutionStore } from "../engine/ports/stores.ts";
import type { PostureKeeper } from "../engine/posture/posture-keeper.ts";
import type { Proofs } from "../engine/proofs/proofs.ts";
import type { Readiness } from "../engine/readiness.ts";
import type { Replays } from "../engine/receipts/replays.ts";
import type { Cohorts } from "../engine/sessions/cohorts.ts";
import type { Sessions } from "../engine/sessions/sessions.ts";
import type { Keys } from "../engine/tenants/keys.ts";
import type { Rate } from "../engine/tenants/rate.ts";
import type { Tenants } from "../engine/tenants/tenants.ts";
import type { AppEnv } from "./app-env.ts";
import { authenticate } from "./auth.ts";
import { boundBodies } from "./bodies-in-flight.ts";
import { denialOf } from "./denied.ts";
import type { FileRouteDependencies } from "./files/dependencies.ts";
import { fileRoutes } from "./files/file-routes.ts";
import { readJson } from "./json-body.ts";
import { notFoundOrNotAllowed } from "./method-not-allowed.ts";
import { OpenStreams } from "./open-streams.ts";
import { openApiInfo } from "./openapi.ts";
import { toProblem } from "./problem.ts";
import { limitRate } from "./rate-limit.ts";
import { refuseChanging, refuseReading } from "./reading.ts";
import { auditRoutes } from "./routes/audit.ts";
import { batchRoutes } from "./routes/batches.ts";
import { catalogRoutes } from "./routes/catalog.ts";
import { cohortRoutes } from "./routes/cohorts.ts";
import { docsRoutes } from "./routes/docs.ts";
import { executionRoutes } from "./routes/executions.ts";
import { healthRoutes } from "./routes/health.ts";
import { keyRoutes } from "./routes/keys.ts";
import { policyRoutes } from "./routes/policies.ts";
import { postureRoutes } from "./routes/posture.ts";
import { proofRoutes } from "./routes/proofs.ts";
import { receiptRoutes } from "./routes/receipts.ts";
import { sessionRoutes } from "./routes/sessions.ts";
import { tenantRoutes } from "./routes/tenants.ts";
import { logRequests, type RequestLine, trace } from "./trace.ts";
import { invalidRequest } from "./validation.ts";

export interface HttpDependencies {
  executor: Pick<Executor, "submit">;
  batches: Batches;
  ledger: Ledger;
  store: ExecutionStore;
  sessions: Sessions;
  cohorts: Cohorts;
  files: FileRouteDependencies;
  idempotency: Idempotency;
  replays: Replays;
  signingKeys: readonly SigningKey[];
  catalog: Catalog;
  policies: PolicyDesk;
  keys: Keys;
  /** Whether requests need a key. */
  auth: boolean;
  proofs: Proofs;
  tenants: Tenants;
  rate: Rate;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
  audit: AuditReader;
  denials: Pick<AccessDenials, "record">;
  posture: Pick<PostureKeeper, "read" | "check">;
  readiness(): Promise<Readiness>;
  metrics(): Promise<string>;
  maxBodyBytes: number;
  /** Of all requests under way together. */
  maxBodiesBytes: number;
  onRequest(line: RequestLine): void;
  onError(error: unknown, requestId: string): void;
}

/** Of each tenant at a time. */
const MAX_STREAMS = 256;

export const createHttp = (deps: HttpDependencies): OpenAPIHono<AppEnv> => {
  const app = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });

  app.use(trace);
  app.use(logRequests(deps.onRequest));
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
  for (const path of ["/v1/*", "/metrics"]) {
    app.use(path, authenticate(deps.auth ? deps.keys : undefined));
    app.use(path, refuseReading);
  }
  app.use("/v1/*", refuseChanging);
  app.use("/v1/*", limitRate(deps.rate));
  const limitBody = bodyLimit({
    maxSize: deps.maxBodyBytes,
    onError: () => {
      const message = `The request body must be at most ${deps.maxBodyBytes} bytes`;
      throw new ServiceError("payload_too_large", message);
    },
  });
  const bound = boundBodies(deps);
  // Files are streamed, with bounds of their own.
  app.use("/v1/*", (context, next) => (isUpload(context.req) ? next() : bound(context, next)));
  app.use((context, next) => (isUpload(context.req) ? next() : limitBody(context, next)));
  app.use("/v1/*", (context, next) => (takesBytes(context.req) ? next() : readJson(context, next)));

  app.route("/", healthRoutes(deps.readiness, deps.metrics));
  const submitting = {
    ...deps,
    records: new SharedRecords(deps.store),
    streams: new OpenStreams(MAX_STREAMS),
  };
  app.route("/", executionRoutes(submitting));
  app.route("/", receiptRoutes(deps));
  app.route("/", batchRoutes(deps));
  app.route("/", sessionRoutes(submitting));
  app.route("/", fileRoutes(deps.files));
  app.route("/", cohortRoutes(deps));
  app.route("/", catalogRoutes(deps.catalog));
  app.route("/", policyRoutes(deps.policies));
  app.route("/", keyRoutes(deps.keys, deps.idempotency));
  app.route("/", tenantRoutes(deps.tenants));
  app.route("/", postureRoutes(deps.posture));
  app.route("/", proofRoutes(deps.proofs, deps.idempotency));
  app.route("/", auditRoutes(deps.audit));
  app.route("/", docsRoutes());
  app.openAPIRegistry.registerComponent("securitySchemes", "apiKey", { type: "http", scheme: "bearer" });
  app.doc31("/openapi.json", openApiInfo);

  app.notFound((context) => notFoundOrNotAllowed(app, context));
  app.onError((error, context) => {
    const requestId = context.get("requestId");
    // The caller went away and its run was cancelled: nobody reads this, and nothing failed.
    if (context.req.raw.signal.aborted) return new Response(null, { status: 499 });
    if (error instanceof ServiceError) {
      if (error.cause !== undefined) deps.onError(error, requestId);
      const denial = denialOf(context, error.code);
      if (denial) deps.denials.record(denial);
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

interface Asked {
  method: string;
  path: string;
}

const isUpload = ({ method, path }: Asked): boolean =>
  method === "PUT" && /^\/v1\/sessions\/[^/]+\/files(\/|$)/.test(path);

/** Whatever type they are sent as. */
const takesBytes = (asked: Asked): boolean =>
  isUpload(asked) || /^\/v1\/executions\/[^/]+\/stdin$/.test(asked.path);
