import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { sessionActionSchema } from "../../domain/action.ts";
import { ServiceError } from "../../domain/errors.ts";
import { createSessionId, idSchema } from "../../domain/ids.ts";
import {
  newSessionSchema,
  sessionChangeSchema,
  sessionResetSchema,
  sessionSchema,
  sessionStates,
} from "../../domain/session.ts";
import type { Caller } from "../../domain/tenant.ts";
import type { RunIdentity } from "../../engine/executions/to-run-request.ts";
import type { Session } from "../../engine/sessions/session.ts";
import type { Sessions } from "../../engine/sessions/sessions.ts";
import { actorOf, visibleTo } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { doOnce, makeOnce } from "../once.ts";
import { pageOf, pageQuery, scopeOf } from "../page-query.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";
import {
  checkSessionActionShape,
  checkSessionChangeShape,
  checkSessionResetShape,
  checkSessionShape,
} from "./action-shape.ts";
import { submitResponses, typed } from "./executions.ts";
import { type SubmitDependencies, submit } from "./submit.ts";

const security = [{ apiKey: [] }];
const tags = ["sessions"];
const params = z.object({ id: idSchema });
const json = (description: string) => ({
  description,
  content: { "application/json": { schema: sessionSchema } },
});

const create = createRoute({
  method: "post",
  path: "/v1/sessions",
  operationId: "createSession",
  tags,
  summary: "Begin a session: a sandbox with an interpreter that keeps its state",
  security,
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: newSessionSchema } } },
  },
  responses: {
    201: json("The session"),
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

const list = createRoute({
  method: "get",
  path: "/v1/sessions",
  operationId: "listSessions",
  tags,
  summary: "List sessions, newest first, those that ended too",
  security,
  request: {
    query: z.strictObject({
      ...pageQuery,
      state: z.enum(sessionStates).optional(),
      cohort: idSchema.optional().meta({ description: "A cohort's id" }),
    }),
  },
  responses: {
    200: { description: "A page", content: { "application/json": { schema: pageOf(sessionSchema) } } },
    ...problemResponses(...reading, "forbidden"),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/sessions/{id}",
  operationId: "readSession",
  tags,
  summary: "Read a session; after its end too, with the reason",
  security,
  request: { params },
  responses: { 200: json("The session"), ...problemResponses(...reading, "not_found") },
});

const change = createRoute({
  method: "patch",
  path: "/v1/sessions/{id}",
  operationId: "changeSession",
  tags,
  summary: "Give a session more or less time, or other metadata",
  security,
  request: {
    params,
    body: { required: false, content: { "application/json": { schema: sessionChangeSchema } } },
  },
  responses: {
    200: json("The session"),
    ...problemResponses(...changing, "not_found", "session_ended", "payload_too_large"),
  },
});

const close = createRoute({
  method: "delete",
  path: "/v1/sessions/{id}",
  operationId: "closeSession",
  tags,
  summary: "End a session: its state and its files are gone, its record stays",
  security,
  request: { params },
  responses: { 200: json("The session as it ended"), ...problemResponses(...changing, "not_found") },
});

const run = createRoute({
  method: "post",
  path: "/v1/sessions/{id}/executions",
  operationId: "createSessionExecution",
  tags,
  summary: "Run code in the session's interpreter, or a new process in its workspace",
  description:
    "Executions of a session run one at a time, in the order in which they came. A caller that goes away cancels nothing.",
  security,
  request: {
    params,
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: sessionActionSchema } } },
  },
  responses: {
    ...submitResponses,
    ...problemResponses(
      ...changing,
      "not_found",
      "conflict",
      "session_ended",
      "payload_too_large",
      "quota_exhausted",
      "sandbox_failed",
      "execution_lost",
      "capacity_exhausted",
      "posture_refused",
    ),
  },
});

const act = (name: "interrupt" | "cancel", summary: string) =>
  createRoute({
    method: "post",
    path: `/v1/sessions/{id}/${name}`,
    operationId: `${name}Session`,
    tags,
    summary,
    security,
    request: { params, headers: postHeaders },
    responses: {
      200: json("The session"),
      ...problemResponses(...changing, "not_found", "conflict", "session_ended"),
    },
  });

const interrupt = act("interrupt", "Raise KeyboardInterrupt in the code that runs; the state is kept");
const cancel = act("cancel", "Kill the code that runs; the interpreter's state is lost, the files are kept");

const reset = createRoute({
  method: "post",
  path: "/v1/sessions/{id}/reset",
  operationId: "resetSession",
  tags,
  summary: "Begin anew in another sandbox under the same id; what runs or waits is cancelled",
  security,
  request: {
    params,
    headers: postHeaders,
    body: { content: { "application/json": { schema: sessionResetSchema } } },
  },
  responses: {
    200: json("The session, with sequence 0"),
    ...problemResponses(
      ...changing,
      "not_found",
      "conflict",
      "session_ended",
      "payload_too_large",
      "sandbox_failed",
      "capacity_exhausted",
      "runtime_unavailable",
    ),
  },
});

export interface SessionRouteDependencies extends SubmitDependencies {
  sessions: Sessions;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
}

export const sessionRoutes = (deps: SessionRouteDependencies): OpenAPIHono<AppEnv> => {
  const { sessions, idempotency, assertMayRun } = deps;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  const found = (visible: string | undefined, id: string) => {
    const session = sessions.find(visible, id);
    if (session) return session;
    throw new ServiceError("not_found", `There is no session ${JSON.stringify(id)}`);
  };

  routes.post("/v1/sessions", checkSessionShape);
  // Without a body it is a session of defaults, which only the schema fills in.
  routes.openAPIRegistry.registerPath({
    ...create,
    request: { ...create.request, body: { ...create.request.body, required: false } },
  });
  routes.openapi({ ...create, hide: true }, async (context) => {
    const caller = context.get("caller");
    const { tenant } = caller;
    const spec = context.req.valid("json");
    assertMayRun(tenant);
    const session = await makeOnce(context, idempotency, {
      createRef: () => createSessionId(Date.now()),
      first: (id) => sessions.create(spec, { tenant, id, actor: actorOf(caller) }, context.req.raw.signal),
      again: async (id) => sessions.find(tenant, id),
    });
    return context.json(session, 201, { location: `/v1/sessions/${session.id}` });
  });
  routes.openapi(list, (context) => {
    const { tenant, cohort, ...query } = context.req.valid("query");
    return context.json(
      sessions.list(scopeOf(context.get("caller"), tenant), { ...query, cohortId: cohort }),
      200,
    );
  });
  routes.openapi(read, (context) =>
    context.json(found(visibleTo(context.get("caller")), context.req.valid("param").id), 200),
  );
  routes.patch("/v1/sessions/:id", checkSessionChangeShape);
  routes.openapi(change, (context) => {
    const session = sessions.live(visibleTo(context.get("caller")), context.req.valid("param").id);
    session.change(context.req.valid("json"));
    return context.json(session.view(), 200);
  });
  routes.openapi(close, async (context) => {
    const caller = context.get("caller");
    const { id } = context.req.valid("param");
    return context.json(await sessions.close(visibleTo(caller), id, actorOf(caller)), 200);
  });
  routes.post("/v1/sessions/:id/executions", checkSessionActionShape);
  routes.openapi(run, async (context) => {
    const session = sessions.live(visibleTo(context.get("caller")), context.req.valid("param").id);
    const action = context.req.valid("json");
    assertMayRun(session.tenant);
    const actor = actorOf(context.get("caller"));
    const accept = async (identity: RunIdentity) => session.submit(action, identity, actor);
    return typed(await submit(context, deps, accept, { cancelWhenGone: false }));
  });
  for (const [route, tell] of [
    [interrupt, (session: Session) => session.interrupt()],
    [cancel, (session: Session, caller: Caller) => session.cancel(actorOf(caller))],
  ] as const) {
    routes.openapi(route, async (context) => {
      const session = sessions.live(visibleTo(context.get("caller")), context.req.valid("param").id);
      const view = await doOnce(context, idempotency, {
        act: () => tell(session, context.get("caller")),
        answer: () => session.view(),
        repeatable: true,
      });
      return context.json(view, 200);
    });
  }
  routes.post("/v1/sessions/:id/reset", checkSessionResetShape);
  routes.openapi(reset, async (context) => {
    const session = sessions.live(visibleTo(context.get("caller")), context.req.valid("param").id);
    const actor = actorOf(context.get("caller"));
    const { seed = null, files = {} } = context.req.valid("json") ?? {};
    const view = await doOnce(context, idempotency, {
      act: async () => void (await sessions.reset(session, { seed, files }, context.req.raw.signal, actor)),
      answer: () => session.view(),
      repeatable: true,
    });
    return context.json(view, 200);
  });
  return routes;
};
