/** One policy, for whoever has to judge it. The list of all is with the images (catalog.ts). */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { loadedPolicySchema } from "../../domain/policy.ts";
import type { PolicyDesk } from "../../engine/policies/policy-desk.ts";
import { changeSchema } from "../../policies/diff/change.ts";
import { loosens } from "../../policies/diff/diff-policies.ts";
import { answerSchema, questionSchema } from "../../policies/explain/question.ts";
import { findingSchema } from "../../policies/lint/finding.ts";
import { isClean } from "../../policies/lint/lint-policy.ts";
import type { AppEnv } from "../app-env.ts";
import { requireRole } from "../auth.ts";
import { reading } from "../common-problems.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";

const tags = ["images and policies"];
const security = [{ apiKey: [] }];
const description = "Admins and auditors only.";
// A field that is not known is refused: what was meant by it would go unheard.
const noQuery = z.strictObject({});
// Whatever is no name is simply not found.
const params = z.object({ name: z.string().max(64) });
const problems = problemResponses(...reading, "forbidden", "not_found");

const answer = <T extends z.ZodType>(description: string, schema: T) => ({
  description,
  content: { "application/json": { schema } },
});

const read = createRoute({
  method: "get",
  path: "/v1/policies/{name}",
  operationId: "readPolicy",
  tags,
  summary: "Read a policy with all that it inherits, and where each part of it was said",
  description,
  security,
  request: { params, query: noQuery },
  responses: {
    200: answer(
      "The policy",
      z.object({
        policy: loadedPolicySchema,
        lineage: z.array(z.string()).meta({ description: "Its own name, then those that it extends" }),
        origins: z.record(z.string(), z.string().nullable()).meta({
          description: "By field: file and line; null: a default that nobody said",
          example: { "limits.wallMs": "policies/default.yaml:16" },
        }),
      }),
    ),
    ...problems,
  },
});

const lint = createRoute({
  method: "get",
  path: "/v1/policies/{name}/lint",
  operationId: "lintPolicy",
  tags,
  summary: "Find weak settings of a policy",
  description,
  security,
  request: { params, query: noQuery },
  responses: {
    200: answer(
      "The findings, the worst first",
      z.object({
        items: z.array(findingSchema),
        clean: z.boolean().meta({ description: "Nothing but notes, and what comments in the file answer" }),
      }),
    ),
    ...problems,
  },
});

const explain = createRoute({
  method: "post",
  path: "/v1/policies/{name}/explain",
  operationId: "explainPolicy",
  tags,
  summary: "Ask whether a policy allows something, why, and which line says so",
  description: `${description} Changes nothing.`,
  security,
  request: {
    params,
    query: noQuery,
    body: { required: true, content: { "application/json": { schema: questionSchema } } },
  },
  responses: {
    200: answer("The answer", answerSchema),
    ...problemResponses(...reading, "forbidden", "not_found", "payload_too_large"),
  },
});

const diff = createRoute({
  method: "get",
  path: "/v1/policies/{name}/diff",
  operationId: "diffPolicy",
  tags,
  summary: "Say what a policy allows that another does not, and the other way round",
  description,
  security,
  request: {
    params,
    query: z.strictObject({
      against: z.string().max(64).meta({ description: "The policy it is compared with" }),
    }),
  },
  responses: {
    200: answer(
      "The differences, what loosens first",
      z.object({ items: z.array(changeSchema), loosens: z.boolean() }),
    ),
    ...problems,
  },
});

export const policyRoutes = (policies: PolicyDesk): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.use("/v1/policies/:name/*", async (context, next) => {
    requireRole(context, "auditor", "admin");
    await next();
  });
  routes.openapi(read, (context) => context.json(policies.show(context.req.valid("param").name), 200));
  routes.openapi(lint, async (context) => {
    const items = await policies.lint(context.req.valid("param").name);
    return context.json({ items, clean: isClean(items) }, 200);
  });
  routes.openapi(explain, (context) =>
    context.json(policies.explain(context.req.valid("param").name, context.req.valid("json")), 200),
  );
  routes.openapi(diff, (context) => {
    const items = policies.diff(context.req.valid("param").name, context.req.valid("query").against);
    return context.json({ items, loosens: loosens(items) }, 200);
  });
  return routes;
};
