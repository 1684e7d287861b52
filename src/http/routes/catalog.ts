import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { imageSchema } from "../../domain/image.ts";
import { loadedPolicySchema } from "../../domain/policy.ts";
import type { Catalog } from "../../engine/catalog/catalog.ts";
import type { AppEnv } from "../app-env.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const imageList = z.object({ items: z.array(imageSchema) });
const policyList = z.object({
  items: z.array(loadedPolicySchema),
});

const listImages = createRoute({
  method: "get",
  path: "/v1/images",
  operationId: "listImages",
  tags: ["images and policies"],
  summary: "List the images that are built on this host",
  security,
  responses: {
    200: { description: "The images", content: { "application/json": { schema: imageList } } },
    ...problemResponses("unauthenticated", "forbidden", "runtime_unavailable", "internal"),
  },
});

const listPolicies = createRoute({
  method: "get",
  path: "/v1/policies",
  operationId: "listPolicies",
  tags: ["images and policies"],
  summary: "List the policies that an action can name",
  security,
  responses: {
    200: { description: "The policies", content: { "application/json": { schema: policyList } } },
    ...problemResponses("unauthenticated", "internal"),
  },
});

export const catalogRoutes = (catalog: Catalog): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(listImages, async (context) => context.json({ items: await catalog.images() }, 200));
  routes.openapi(listPolicies, (context) => context.json({ items: catalog.policies() }, 200));
  return routes;
};
