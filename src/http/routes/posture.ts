/** What the host under the sandboxes is, and whether that is enough to run code on it. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { policySchema } from "../../domain/policy.ts";
import { postureSchema } from "../../domain/posture.ts";
import type { PostureKeeper } from "../../engine/posture/posture-keeper.ts";
import type { AppEnv } from "../app-env.ts";
import { requireRole } from "../auth.ts";
import { changing, reading } from "../common-problems.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const tags = ["operation"];
const posture = { "application/json": { schema: postureSchema } };

const newCheckSchema = z
  .strictObject({
    policy: policySchema.shape.name.default("default"),
    runtime: policySchema.shape.isolation.shape.runtime
      .optional()
      .meta({ description: "In place of the policy's own" }),
  })
  .meta({ id: "NewPostureCheck" });

const read = createRoute({
  method: "get",
  path: "/v1/posture",
  operationId: "readPosture",
  tags,
  summary: "Read what this host is: versions, known holes, and what a self-test saw its limits do",
  description: "Auditors and admins only.",
  security,
  responses: {
    200: { description: "The posture", content: posture },
    ...problemResponses(...reading, "forbidden", "posture_refused"),
  },
});

const check = createRoute({
  method: "post",
  path: "/v1/posture/checks",
  operationId: "checkPosture",
  tags,
  summary: "Test now, in sandboxes of a policy, whether this host's limits bite",
  description:
    "Admins only. Takes some seconds. For the default policy under its own runtime the result becomes the service's posture.",
  security,
  request: {
    body: { required: true, content: { "application/json": { schema: newCheckSchema } } },
  },
  responses: {
    200: { description: "The posture, with this self-test", content: posture },
    ...problemResponses(
      ...changing,
      "not_found",
      "payload_too_large",
      "capacity_exhausted",
      "runtime_unavailable",
    ),
  },
});

export const postureRoutes = (keeper: Pick<PostureKeeper, "read" | "check">): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(read, (context) => {
    requireRole(context, "auditor", "admin");
    return context.json(keeper.read(), 200);
  });
  // Without a body it is the default policy's, which only the schema fills in.
  routes.openAPIRegistry.registerPath({
    ...check,
    request: { ...check.request, body: { ...check.request.body, required: false } },
  });
  routes.openapi({ ...check, hide: true }, async (context) => {
    requireRole(context, "admin");
    const { policy, runtime } = context.req.valid("json");
    return context.json(await keeper.check(policy, runtime), 200);
  });
  return routes;
};
