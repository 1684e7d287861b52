import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { actionSchema } from "../../domain/action.ts";
import { ServiceError } from "../../domain/errors.ts";
import {
  executionRecordSchema,
  executionSchema,
  executionStatuses,
  executionSummarySchema,
  pendingExecutionSchema,
} from "../../domain/execution.ts";
import { idSchema } from "../../domain/ids.ts";
import { outcomeSchema } from "../../domain/outcome.ts";
import type { Caller } from "../../domain/tenant.ts";
import type { Executor } from "../../engine/executions/executor.ts";
import type { LiveExecution } from "../../engine/executions/live-execution.ts";
import type { RunIdentity } from "../../engine/executions/to-run-request.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { FileRefused } from "../../engine/ports/sandbox-files.ts";
import { actorOf, visibleTo } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { eventSchema } from "../event-schema.ts";
import { doOnce } from "../once.ts";
import { pageOf, pageQuery, scopeOf } from "../page-query.ts";
import { problemResponses } from "../problem.ts";
import { eventId, postHeaders } from "../request-headers.ts";
import { SLICE, sendJson } from "../slices.ts";
import { invalidRequest } from "../validation.ts";
import { checkActionShape } from "./action-shape.ts";
import { executionEvents, lastEventId } from "./execution-events.ts";
import { type SubmitDependencies, submit } from "./submit.ts";

const security = [{ apiKey: [] }];
const tags = ["executions"];
const params = z.object({ id: idSchema });

/** The three answers of a route that submits an execution. */
export const submitResponses = {
  200: {
    description:
      "The code ran and what came of it is stored; or, where events were asked for, the stream of them",
    content: {
      "application/json": { schema: executionSchema },
      "text/event-stream": { schema: eventSchema },
    },
  },
  202: {
    description: "Accepted, for a request with Prefer: respond-async",
    content: { "application/json": { schema: pendingExecutionSchema } },
  },
} as const;

const create = createRoute({
  method: "post",
  path: "/v1/executions",
  operationId: "createExecution",
  tags,
  summary: "Run one action in a container of its own",
  description:
    "Whatever the code does is an outcome in a 200 answer. Errors are faults of the request or the service. " +
    "A caller that goes away cancels the run, unless it sent an Idempotency-Key or asked for events or a later answer.",
  security,
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: actionSchema } } },
  },
  responses: {
    ...submitResponses,
    ...problemResponses(
      ...changing,
      "policy_denied",
      "not_found",
      "conflict",
      "payload_too_large",
      "quota_exhausted",
      "sandbox_failed",
      "execution_lost",
      "capacity_exhausted",
      "runtime_unavailable",
      "posture_refused",
    ),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/executions",
  operationId: "listExecutions",
  tags,
  summary: "List executions, newest first, without their output",
  security,
  request: {
    query: z.strictObject({
      ...pageQuery,
      status: z.enum(executionStatuses).optional(),
      outcome: outcomeSchema.optional(),
      session: idSchema.optional().meta({ description: "A session's id" }),
    }),
  },
  responses: {
    200: {
      description: "A page",
      content: { "application/json": { schema: pageOf(executionSummarySchema) } },
    },
    ...problemResponses(...reading, "forbidden"),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/executions/{id}",
  operationId: "readExecution",
  tags,
  summary: "Read an execution, whether it waits, runs, or has ended",
  security,
  request: { params },
  responses: {
    200: { description: "The execution", content: { "application/json": { schema: executionRecordSchema } } },
    ...problemResponses(...reading, "not_found", "capacity_exhausted"),
  },
});

const events = createRoute({
  method: "get",
  path: "/v1/executions/{id}/events",
  operationId: "readExecutionEvents",
  tags,
  summary: "Read along, or read again",
  description:
    "Server-sent events, numbered from 1: started, stdout, stderr, result, file, and last `finished` or `error`. " +
    "A stream that ends without one of these was cut: ask again with Last-Event-ID.",
  security,
  request: {
    params,
    headers: z.object({ "last-event-id": eventId }),
    query: z.object({
      after: z
        .string()
        .regex(/^[0-9]{1,15}$/, "must be the id of an event")
        .optional()
        .meta({ description: "As Last-Event-ID" }),
    }),
  },
  responses: {
    200: { description: "The events", content: { "text/event-stream": { schema: eventSchema } } },
    ...problemResponses(...reading, "not_found", "capacity_exhausted"),
  },
});

const stdin = createRoute({
  method: "post",
  path: "/v1/executions/{id}/stdin",
  operationId: "feedExecution",
  tags,
  summary: "Feed the standard input of a run that keeps it open",
  security,
  request: {
    params,
    headers: postHeaders,
    query: z.object({
      close: z.enum(["true", "false"]).optional().meta({ description: "true: that was all" }),
    }),
    body: { content: { "application/octet-stream": { schema: z.string().openapi({ format: "binary" }) } } },
  },
  responses: {
    204: { description: "The sandbox has it" },
    ...problemResponses(
      ...changing,
      "not_found",
      "conflict",
      "payload_too_large",
      "file_refused",
      "sandbox_failed",
    ),
  },
});

const act = (name: "interrupt" | "cancel", summary: string) =>
  createRoute({
    method: "post",
    path: `/v1/executions/{id}/${name}`,
    operationId: `${name}Execution`,
    tags,
    summary,
    security,
    request: { params, headers: postHeaders },
    responses: {
      202: { description: "It was told", content: { "application/json": { schema: executionRecordSchema } } },
      ...problemResponses(...changing, "not_found", "conflict"),
    },
  });

const interrupt = act("interrupt", "Raise KeyboardInterrupt in the code");
const cancel = act("cancel", "Kill the run, or take it out of the queue");

export interface ExecutionRouteDependencies extends SubmitDependencies {
  executor: Pick<Executor, "submit">;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
}

export const executionRoutes = (deps: ExecutionRouteDependencies): OpenAPIHono<AppEnv> => {
  const { executor, ledger, store, records, streams, idempotency, assertMayRun } = deps;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });

  /** One that has not ended. Throws `not_found`, or `conflict` when it has. */
  const liveOf = (context: Context<AppEnv>): LiveExecution => {
    const id = context.req.param("id") ?? "";
    const visible = visibleTo(context.get("caller"));
    const live = ledger.find(visible, id);
    if (live) return live;
    if (store.find(visible, id) === undefined) throw noExecution(id);
    throw new ServiceError("conflict", `Execution ${id} has ended`);
  };
  const record = (context: Context<AppEnv>): Response => {
    const id = context.req.param("id") ?? "";
    const visible = visibleTo(context.get("caller"));
    const live = ledger.find(visible, id);
    if (live) return context.json(live.record());
    const json = records.find(visible, id)?.json;
    if (json === undefined) throw noExecution(id);
    const small = json.length <= SLICE;
    return sendJson(context, json, small ? undefined : streams.enter(context.get("caller").tenant));
  };

  routes.post("/v1/executions", checkActionShape);
  routes.openapi(create, async (context) => {
    const caller = context.get("caller");
    const { tenant } = caller;
    const action = context.req.valid("json");
    assertMayRun(tenant);
    const actor = actorOf(caller);
    const accept = (identity: RunIdentity) => executor.submit(action, { tenant, actor, ...identity });
    return typed(await submit(context, deps, accept, { cancelWhenGone: true }));
  });
  routes.openapi(list, (context) => {
    const { tenant, session, ...query } = context.req.valid("query");
    const page = store.list(scopeOf(context.get("caller"), tenant), { ...query, sessionId: session });
    return context.json(page, 200);
  });
  routes.openapi(read, (context) => typed(record(context)));
  routes.openapi(events, (context) => {
    const { id } = context.req.valid("param");
    const from = { id, after: lastEventId(context) };
    return typed(executionEvents(context, deps, visibleTo(context.get("caller")), from));
  });
  routes.openapi(stdin, async (context) => {
    const close = context.req.valid("query").close === "true";
    const live = liveOf(context);
    const data = Buffer.from(await context.req.arrayBuffer());
    await doOnce(context, idempotency, {
      act: () => live.feedStdin(data, close).catch(throwStdinError),
      answer: () => null,
      repeatable: false,
    });
    return context.body(null, 204);
  });
  for (const [route, tell] of [
    [interrupt, (live: LiveExecution) => live.interrupt()],
    [cancel, (live: LiveExecution, caller: Caller) => ledger.cancel(live, actorOf(caller))],
  ] as const) {
    routes.openapi(route, async (context) => {
      const told = await doOnce(context, idempotency, {
        act: () => tell(liveOf(context), context.get("caller")),
        answer: () => record(context),
        repeatable: true,
      });
      return typed(new Response(told.body, { status: 202, headers: told.headers }));
    });
  }
  return routes;
};

const EAGAIN = 11;
const EPIPE = 32;

/** What the launcher refuses with, see docs/protocol.md, in words for the caller. Only a full one is worth another try. */
const throwStdinError = (error: unknown): never => {
  if (error instanceof SandboxFault) {
    throw new ServiceError("sandbox_failed", "The sandbox did not answer", { cause: error });
  }
  if (!(error instanceof FileRefused)) throw error;
  const { errno } = error;
  if (errno === EPIPE) throw new ServiceError("conflict", "The run's standard input is not open");
  const reason = errno === EAGAIN ? "has more waiting than it may" : `refused this (errno ${errno})`;
  throw new ServiceError("file_refused", `The run's standard input ${reason}`);
};

const noExecution = (id: string) =>
  new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);

/** What the body holds is the schema's, which the route's type can't see: the store wrote nothing else. */
export const typed = (response: Response): never => response as never;
