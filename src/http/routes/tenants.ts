import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { tenantLimitsSchema, tenantName, tenantSchema } from "../../domain/tenant.ts";
import type { Tenants } from "../../engine/tenants/tenants.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const tags = ["tenants"];
const tenant = { "application/json": { schema: tenantSchema } };

const list = createRoute({
  method: "get",
  path: "/v1/tenants",
  operationId: "listTenants",
  tags,
  summary: "List all tenants with their limits and what they use",
  description: "Admins only.",
  security,
  responses: {
    200: {
      description: "The tenants, by name",
      content: { "application/json": { schema: z.object({ items: z.array(tenantSchema) }) } },
    },
    ...problemResponses(...reading, "forbidden"),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/tenants/{name}",
  operationId: "readTenant",
  tags,
  summary: "Read a tenant's limits and what it uses",
  description: "A submitter finds its own tenant only.",
  security,
  // Whatever is no name is simply not found.
  request: { params: z.object({ name: z.string().max(64) }) },
  responses: {
    200: { description: "The tenant", content: tenant },
    ...problemResponses(...reading, "not_found"),
  },
});

const setLimits = createRoute({
  method: "put",
  path: "/v1/tenants/{name}/limits",
  operationId: "setTenantLimits",
  tags,
  summary: "Set a tenant's limits, in place of the service's",
  description: "Admins only. They hold at once, also for what waits; what is above them already goes on.",
  security,
  request: {
    params: z.object({ name: tenantName }),
    body: { required: true, content: { "application/json": { schema: tenantLimitsSchema } } },
  },
  responses: {
    200: { description: "The tenant", content: tenant },
    ...problemResponses(...changing, "payload_too_large"),
  },
});

export const tenantRoutes = (tenants: Pick<Tenants, "list" | "find" | "setLimits">): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(list, (context) => context.json({ items: tenants.list(context.get("caller")) }, 200));
  routes.openapi(read, (context) => {
    const { name } = context.req.valid("param");
    return context.json(tenants.find(context.get("caller"), name), 200);
  });
  routes.openapi(setLimits, (context) => {
    const { name } = context.req.valid("param");
    return context.json(tenants.setLimits(context.get("caller"), name, context.req.valid("json")), 200);
  });
  return routes;
};
