import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { poolStates } from "../../engine/ports/pool-status.ts";
import type { Readiness } from "../../engine/readiness.ts";
import type { AppEnv } from "../app-env.ts";
import { problemResponses } from "../problem.ts";

export const readinessSchema = z.object({
  ready: z.boolean(),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string() })),
  pools: z.array(
    z.object({
      image: z.string(),
      policy: z.string(),
      state: z.enum(poolStates),
      warm: z.int(),
      creating: z.int(),
      waiting: z.int(),
      target: z.int(),
      reason: z.string().optional(),
    }),
  ),
});

const json = { "application/json": { schema: readinessSchema } };

const healthz = createRoute({
  method: "get",
  path: "/healthz",
  operationId: "readHealth",
  tags: ["operation"],
  summary: "Whether the process answers",
  responses: {
    200: {
      description: "It does",
      content: { "application/json": { schema: z.object({ ok: z.literal(true) }) } },
    },
  },
});

const readyz = createRoute({
  method: "get",
  path: "/readyz",
  operationId: "readReadiness",
  tags: ["operation"],
  summary: "Whether executions can be served, and if not, why",
  responses: {
    200: { description: "They can", content: json },
    503: { description: "They can't", content: json },
  },
});

const metricsRoute = createRoute({
  method: "get",
  path: "/metrics",
  operationId: "readMetrics",
  tags: ["operation"],
  summary: "Metrics in Prometheus' text format",
  security: [{ apiKey: [] }],
  responses: {
    200: { description: "The metrics", content: { "text/plain": { schema: z.string() } } },
    ...problemResponses("unauthenticated", "forbidden", "internal"),
  },
});

export const healthRoutes = (
  readiness: () => Promise<Readiness>,
  metrics: () => Promise<string>,
): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>();
  routes.openapi(healthz, (context) => context.json({ ok: true as const }, 200));
  routes.openapi(readyz, async (context) => {
    const state = await readiness();
    return context.json(state, state.ready ? 200 : 503);
  });
  routes.openapi(metricsRoute, async (context) =>
    context.text(await metrics(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
  return routes;
};
