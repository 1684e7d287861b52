import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { cohortSchema, newCohortSchema } from "../../domain/cohort.ts";
import { ServiceError, toFault } from "../../domain/errors.ts";
import { createCohortId, idSchema } from "../../domain/ids.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import type { Cohorts } from "../../engine/sessions/cohorts.ts";
import { actorOf, visibleTo } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { eventSchema } from "../event-schema.ts";
import { eventStream, type StreamEvent, wantsEvents } from "../event-stream.ts";
import { keyOf, makeOnce } from "../once.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";
import { checkCohortShape } from "./action-shape.ts";
import { typed } from "./executions.ts";
import { Mailbox } from "./mailbox.ts";

const security = [{ apiKey: [] }];
const tags = ["cohorts"];
const params = z.object({ id: idSchema });
const json = (description: string) => ({
  description,
  content: { "application/json": { schema: cohortSchema } },
});

const create = createRoute({
  method: "post",
  path: "/v1/cohorts",
  operationId: "createCohort",
  tags,
  summary: "Begin several sessions of one spec: all of them, or none",
  description:
    "Where events are asked for: `ready` for each session as it is ready, then `cohort` with all, or `error`.",
  security,
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: newCohortSchema } } },
  },
  responses: {
    200: { description: "The events", content: { "text/event-stream": { schema: eventSchema } } },
    201: json("The cohort, every session of it ready"),
    ...problemResponses(
      ...changing,
      "policy_denied",
      "not_found",
      "conflict",
      "payload_too_large",
      "quota_exhausted",
      "sandbox_failed",
      "capacity_exhausted",
      "runtime_unavailable",
      "posture_refused",
    ),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/cohorts/{id}",
  operationId: "readCohort",
  tags,
  summary: "Read a cohort and its sessions",
  security,
  request: { params },
  responses: { 200: json("The cohort"), ...problemResponses(...reading, "not_found") },
});

const close = createRoute({
  method: "delete",
  path: "/v1/cohorts/{id}",
  operationId: "closeCohort",
  tags,
  summary: "End all sessions of a cohort",
  security,
  request: { params },
  responses: { 200: json("The cohort as it ended"), ...problemResponses(...changing, "not_found") },
});

export interface CohortRouteDependencies {
  cohorts: Cohorts;
  idempotency: Idempotency;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
  onError(error: unknown, requestId: string): void;
}

const last = new Set(["cohort", "error"]);

export const cohortRoutes = (deps: CohortRouteDependencies): OpenAPIHono<AppEnv> => {
  const { cohorts, idempotency, assertMayRun, onError } = deps;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });

  routes.post("/v1/cohorts", checkCohortShape);
  routes.openapi(create, async (context) => {
    const caller = context.get("caller");
    const { tenant } = caller;
    const spec = context.req.valid("json");
    keyOf(context);
    assertMayRun(tenant);
    const make = (signal: AbortSignal, onEvent: (event: StreamEvent) => void) =>
      makeOnce(context, idempotency, {
        createRef: () => createCohortId(Date.now()),
        first: (id) =>
          cohorts.create(spec, { tenant, id, actor: actorOf(caller) }, signal, (index, session) =>
            onEvent({ type: "ready", data: JSON.stringify({ index, session }) }),
          ),
        again: async (id) => cohorts.find(tenant, id),
      });
    if (!wantsEvents(context)) {
      const cohort = await make(context.req.raw.signal, () => {});
      return context.json(cohort, 201, { location: `/v1/cohorts/${cohort.id}` });
    }
    const events = (signal: AbortSignal) => {
      const mailbox = new Mailbox<StreamEvent>(signal);
      make(signal, (event) => void mailbox.put(event))
        .then((cohort) => mailbox.put({ type: "cohort", data: JSON.stringify(cohort) }))
        .catch((error: unknown) => {
          if (!(error instanceof ServiceError)) onError(error, context.get("requestId"));
          void mailbox.put({ type: "error", data: JSON.stringify(toFault(error)) });
        })
        .finally(() => mailbox.close());
      return mailbox;
    };
    const options = { last, onError: (error: unknown) => onError(error, context.get("requestId")) };
    return typed(eventStream(context, events, options));
  });
  routes.openapi(read, (context) => {
    const { id } = context.req.valid("param");
    const cohort = cohorts.find(visibleTo(context.get("caller")), id);
    if (!cohort) throw new ServiceError("not_found", `There is no cohort ${JSON.stringify(id)}`);
    return context.json(cohort, 200);
  });
  routes.openapi(close, async (context) => {
    const caller = context.get("caller");
    const { id } = context.req.valid("param");
    return context.json(await cohorts.close(visibleTo(caller), id, actorOf(caller)), 200);
  });
  return routes;
};
