import { createRoute, OpenAPIHono } from "@hono/zod-openapi";
import { batchLineSchema, batchSchema } from "../../domain/batch.ts";
import type { Batches } from "../../engine/executions/batches.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import { actorOf } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { changing } from "../common-problems.ts";
import { eventSchema } from "../event-schema.ts";
import { eventStream, type StreamEvent, wantsEvents } from "../event-stream.ts";
import { doOnce } from "../once.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";
import { checkBatchShape } from "./action-shape.ts";
import { typed } from "./executions.ts";
import { Mailbox } from "./mailbox.ts";

const create = createRoute({
  method: "post",
  path: "/v1/batches",
  operationId: "createBatch",
  tags: ["executions"],
  summary: "Run up to 1,000 actions, each in a container of its own",
  description:
    "Answers with one JSON document a line, in order of completion, and a last line that counts them; or, where events " +
    "are asked for, `item` events and a last `done`. A caller that goes away keeps what has not begun from beginning; the " +
    "same ids again bring back what was done and do the rest.",
  security: [{ apiKey: [] }],
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: batchSchema } } },
  },
  responses: {
    200: {
      description: "The lines",
      content: {
        "application/x-ndjson": { schema: batchLineSchema },
        "text/event-stream": { schema: eventSchema },
      },
    },
    ...problemResponses(...changing, "conflict", "payload_too_large", "quota_exhausted", "posture_refused"),
  },
});

export interface BatchRouteDependencies {
  batches: Batches;
  idempotency: Idempotency;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
  onError(error: unknown, requestId: string): void;
}

const last = new Set(["done"]);

export const batchRoutes = ({
  batches,
  idempotency,
  assertMayRun,
  onError,
}: BatchRouteDependencies): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.post("/v1/batches", checkBatchShape);
  routes.openapi(create, async (context) => {
    const caller = context.get("caller");
    const { tenant } = caller;
    assertMayRun(tenant);
    // The same items again lead to the same executions by their own ids; this refuses others under the key.
    await doOnce(context, idempotency, { act: () => {}, answer: () => null, repeatable: true });
    const batch = context.req.valid("json");
    const owner = { tenant, actor: actorOf(caller), traceparent: context.get("traceparent") };
    const failed = (error: unknown) => onError(error, context.get("requestId"));
    const lines = (signal: AbortSignal): Mailbox<StreamEvent> => {
      const mailbox = new Mailbox<StreamEvent>(signal);
      batches
        .run(batch, owner, signal, (data) =>
          mailbox.put({ type: data.startsWith('{"done"') ? "done" : "item", data }),
        )
        .catch(failed)
        .finally(() => mailbox.close());
      return mailbox;
    };
    if (wantsEvents(context)) return typed(eventStream(context, lines, { last, onError: failed }));
    const toLine = ({ data }: StreamEvent) => `${data}\n`;
    const options = {
      last,
      onError: failed,
      toText: toLine,
      contentType: "application/x-ndjson",
      heartbeat: "\n",
    };
    return typed(eventStream(context, lines, options));
  });
  return routes;
};
