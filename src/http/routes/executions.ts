import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { TypedResponse } from "hono";
import { actionSchema } from "../../domain/action.ts";
import { ServiceError } from "../../domain/errors.ts";
import { type Execution, executionSchema } from "../../domain/execution.ts";
import type { Executor } from "../../engine/executor.ts";
import type { ExecutionStore, StoredExecution } from "../../engine/ports.ts";
import type { AppEnv } from "../app-env.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";
import { checkActionShape } from "./action-shape.ts";

const security = [{ apiKey: [] }];

const create = createRoute({
  method: "post",
  path: "/v1/executions",
  operationId: "createExecution",
  tags: ["executions"],
  summary: "Run one action in a container of its own",
  description:
    "Whatever the code does is an outcome in a 200 answer. Errors are faults of the request or the service.",
  security,
  request: { body: { required: true, content: { "application/json": { schema: actionSchema } } } },
  responses: {
    200: {
      description: "The code ran; it is stored",
      content: { "application/json": { schema: executionSchema } },
    },
    ...problemResponses(
      "invalid_request",
      "unauthenticated",
      "policy_denied",
      "not_found",
      "payload_too_large",
      "internal",
      "sandbox_failed",
      "capacity_exhausted",
      "runtime_unavailable",
    ),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/executions/{id}",
  operationId: "readExecution",
  tags: ["executions"],
  summary: "Read a stored execution",
  security,
  request: { params: z.object({ id: z.string().max(64) }) },
  responses: {
    200: { description: "The execution", content: { "application/json": { schema: executionSchema } } },
    ...problemResponses("invalid_request", "unauthenticated", "not_found", "internal"),
  },
});

export const executionRoutes = (
  executor: Pick<Executor, "execute">,
  store: Pick<ExecutionStore, "find">,
): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.post("/v1/executions", checkActionShape);
  routes.openapi(create, async (context) => {
    const action = context.req.valid("json");
    return answer(await executor.execute(context.get("tenant"), action, context.req.raw.signal));
  });
  routes.openapi(read, (context) => {
    const { id } = context.req.valid("param");
    const execution = store.find(context.get("tenant"), id);
    if (!execution) throw new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);
    return answer(execution);
  });
  return routes;
};

/** As stored, without a second look: an execution can have many megabytes of output. */
const answer = (execution: StoredExecution) =>
  new Response(execution, {
    headers: { "content-type": "application/json" },
    // What the text holds is the schema's: the store wrote nothing else.
  }) as unknown as TypedResponse<Execution, 200, "json">;
