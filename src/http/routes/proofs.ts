import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { accepts } from "hono/accepts";
import { ServiceError } from "../../domain/errors.ts";
import { idSchema } from "../../domain/ids.ts";
import {
  attemptInfoSchema,
  newProofSchema,
  type Proof,
  proofHeadSchema,
  proofSchema,
} from "../../domain/proof.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import type { Proofs } from "../../engine/proofs/proofs.ts";
import { toHtml } from "../../engine/proofs/report/to-html.ts";
import { toSarif } from "../../engine/proofs/report/to-sarif.ts";
import { toText } from "../../engine/proofs/report/to-text.ts";
import { actorOf, assertMayRead } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { requireRole } from "../auth.ts";
import { changing, reading } from "../common-problems.ts";
import { makeOnce } from "../once.ts";
import { pageOf, pageQuery } from "../page-query.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const tags = ["proofs"];
const params = z.object({ id: idSchema });
const proof = { "application/json": { schema: proofSchema } };

const create = createRoute({
  method: "post",
  path: "/v1/proofs",
  operationId: "startProof",
  tags,
  summary: "Try every attempt of the battery against a policy, on this host",
  description:
    "Admins only. One proof at a time; it takes some minutes, and at most two places of the service.",
  security,
  request: {
    headers: postHeaders,
    body: { required: true, content: { "application/json": { schema: newProofSchema } } },
  },
  responses: {
    202: { description: "The proof, which has begun", content: proof },
    ...problemResponses(
      ...changing,
      "policy_denied",
      "not_found",
      "conflict",
      "payload_too_large",
      "runtime_unavailable",
    ),
  },
});

const { tenant: _, ...listQuery } = pageQuery;

const list = createRoute({
  method: "get",
  path: "/v1/proofs",
  operationId: "listProofs",
  tags,
  summary: "List proofs, newest first",
  description: "Admins and auditors only.",
  security,
  request: { query: z.object(listQuery) },
  responses: {
    200: {
      description: "Proofs without their attempts",
      content: { "application/json": { schema: pageOf(proofHeadSchema) } },
    },
    ...problemResponses(...reading),
  },
});

const attempts = createRoute({
  method: "get",
  path: "/v1/attempts",
  operationId: "listAttempts",
  tags,
  summary: "List what a proof tries",
  description: "Admins and auditors only.",
  security,
  responses: {
    200: {
      description: "The attempts, by number",
      content: { "application/json": { schema: z.object({ items: z.array(attemptInfoSchema) }) } },
    },
    ...problemResponses(...reading),
  },
});

const read = createRoute({
  method: "get",
  path: "/v1/proofs/{id}",
  operationId: "readProof",
  tags,
  summary: "Read a proof: as JSON, text, SARIF or a page to look at",
  description: "Admins and auditors only.",
  security,
  request: {
    params,
    query: z.object({
      with: z.string().max(2048).optional().meta({
        description: "Ids of other proofs, with commas: they come into the same page, SARIF log or text",
      }),
    }),
  },
  responses: {
    200: {
      description: "The proof so far, in the form that Accept asks for",
      content: {
        ...proof,
        "text/html": { schema: z.string() },
        "text/plain": { schema: z.string() },
        "application/sarif+json": { schema: z.record(z.string(), z.unknown()) },
      },
    },
    ...problemResponses(...reading, "not_found"),
  },
});

const cancel = createRoute({
  method: "post",
  path: "/v1/proofs/{id}/cancel",
  operationId: "cancelProof",
  tags,
  summary: "End a proof that runs",
  description: "Admins only. Answers when nothing of it runs any more; one that has ended stays as it is.",
  security,
  request: { params },
  responses: {
    200: { description: "The proof as it ended", content: proof },
    ...problemResponses(...changing, "not_found"),
  },
});

const forms = ["application/json", "text/html", "text/plain", "application/sarif+json"] as const;

export const proofRoutes = (proofs: Proofs, idempotency: Idempotency): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  const find = (id: string): Proof => {
    const found = proofs.find(id);
    if (!found) throw new ServiceError("not_found", `There is no proof ${JSON.stringify(id)}`);
    return found;
  };

  // Without a body it is one of defaults, which only the schema fills in.
  routes.openAPIRegistry.registerPath({
    ...create,
    request: { ...create.request, body: { ...create.request.body, required: false } },
  });
  routes.openapi({ ...create, hide: true }, async (context) => {
    const caller = requireRole(context, "admin");
    const asked = context.req.valid("json");
    const started = await makeOnce<Proof>(context, idempotency, {
      createRef: () => proofs.createId(),
      first: (id) => proofs.start(asked, actorOf(caller), id),
      again: async (id) => proofs.find(id),
    });
    return context.json(started, 202, { location: `/v1/proofs/${started.id}` });
  });
  routes.openapi(list, (context) => {
    assertMayRead(context.get("caller"), "proofs");
    return context.json(proofs.list(context.req.valid("query")), 200);
  });
  routes.openapi(attempts, (context) => {
    assertMayRead(context.get("caller"), "proofs");
    return context.json({ items: proofs.attempts() }, 200);
  });
  routes.openapi(read, (context) => {
    assertMayRead(context.get("caller"), "proofs");
    const { with: others = "" } = context.req.valid("query");
    const ids = [context.req.valid("param").id, ...others.split(",").filter((id) => id !== "")];
    const found = ids.map(find);
    const form = accepts(context, { header: "Accept", supports: [...forms], default: forms[0] });
    if (form === "text/html") return context.html(toHtml(found), 200);
    if (form === "text/plain") return context.text(toText(found), 200);
    if (form === "application/sarif+json") {
      return context.body(JSON.stringify(toSarif(found)), 200, { "content-type": form }) as never;
    }
    return context.json(found[0] as Proof, 200);
  });
  routes.openapi(cancel, async (context) => {
    requireRole(context, "admin");
    return context.json(await proofs.cancel(context.req.valid("param").id), 200);
  });
  return routes;
};
