import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { createKeyId, idSchema, type KeyId } from "../../domain/ids.ts";
import { type CreatedKey, createdKeySchema, keySchema, newKeySchema } from "../../domain/tenant.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import type { Keys } from "../../engine/tenants/keys.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { makeOnce } from "../once.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const tags = ["keys"];

const create = createRoute({
  method: "post",
  path: "/v1/keys",
  operationId: "createKey",
  tags,
  summary: "Make an API key",
  description:
    "Admins only. The first answer is the only one with the secret: the same Idempotency-Key again leads to the same key without it.",
  security,
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: newKeySchema } } },
  },
  responses: {
    201: { description: "The key", content: { "application/json": { schema: createdKeySchema } } },
    ...problemResponses(...changing, "payload_too_large", "conflict"),
  },
});

const list = createRoute({
  method: "get",
  path: "/v1/keys",
  operationId: "listKeys",
  tags,
  summary: "List all API keys, newest first, revoked ones too",
  description: "Admins only. No secret is in it.",
  security,
  responses: {
    200: {
      description: "The keys",
      content: { "application/json": { schema: z.object({ items: z.array(keySchema) }) } },
    },
    ...problemResponses(...reading, "forbidden"),
  },
});

const revoke = createRoute({
  method: "delete",
  path: "/v1/keys/{id}",
  operationId: "revokeKey",
  tags,
  summary: "Revoke an API key",
  description: "Admins only. From the next request on the key refuses; what it began goes on.",
  security,
  request: { params: z.object({ id: idSchema }) },
  responses: {
    200: { description: "The revoked key", content: { "application/json": { schema: keySchema } } },
    ...problemResponses(...changing, "not_found"),
  },
});

export const keyRoutes = (
  keys: Pick<Keys, "create" | "find" | "list" | "revoke">,
  idempotency: Idempotency,
): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(create, async (context) => {
    const key = await makeOnce(context, idempotency, {
      createRef: () => createKeyId(Date.now()),
      first: async (id): Promise<CreatedKey> => {
        const made = keys.create(context.get("caller"), context.req.valid("json"), id as KeyId);
        return { ...made.key, secret: made.secret.reveal() };
      },
      again: async (id) => keys.find(id),
    });
    return context.json(key, 201, { "cache-control": "no-store" });
  });
  routes.openapi(list, (context) => context.json({ items: keys.list(context.get("caller")) }, 200));
  routes.openapi(revoke, (context) => {
    const { id } = context.req.valid("param");
    return context.json(keys.revoke(context.get("caller"), id), 200);
  });
  return routes;
};
