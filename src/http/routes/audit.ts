/** The record that shows tampering: events, signed heads, and proofs of what is in it. */
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import {
  auditEventSchema,
  auditEventTypes,
  auditHeadSchema,
  consistencyProofSchema,
  inclusionProofSchema,
} from "../../domain/audit-event.ts";
import { idSchema } from "../../domain/ids.ts";
import type { AuditReader } from "../../engine/ports/audit-log.ts";
import { assertMayRead } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { reading } from "../common-problems.ts";
import { pageOf, pageQuery, scopeOf } from "../page-query.ts";
import { problemResponses } from "../problem.ts";
import { invalidRequest } from "../validation.ts";

const security = [{ apiKey: [] }];
const tags = ["audit"];
const mayRead = "Admins and auditors only.";
const json = <Schema extends z.ZodType>(description: string, schema: Schema) => ({
  description,
  content: { "application/json": { schema } },
});
const count = z.coerce.number().int().min(1).max(Number.MAX_SAFE_INTEGER);
const asInteger = (description: string) => ({ type: "integer" as const, minimum: 1, description });

const listEvents = createRoute({
  method: "get",
  path: "/v1/audit/events",
  operationId: "listAuditEvents",
  tags,
  summary: "List events of the audit log, newest first",
  description:
    `${mayRead} An auditor finds the events of its tenant, an admin those of every tenant and of the service. ` +
    "A page may be short, or empty, and have a `nextCursor` all the same: only so much of the log is read for one.",
  security,
  request: {
    query: z.strictObject({
      limit: pageQuery.limit,
      cursor: pageQuery.cursor,
      tenant: pageQuery.tenant,
      type: z.enum(auditEventTypes).optional(),
      subject: idSchema.optional().meta({ description: "An id of what the event is about, of any kind" }),
      after: pageQuery.createdAfter,
      before: pageQuery.createdBefore,
    }),
  },
  responses: {
    200: json("A page", pageOf(auditEventSchema)),
    ...problemResponses(...reading, "forbidden"),
  },
});

const listHeads = createRoute({
  method: "get",
  path: "/v1/audit/heads",
  operationId: "listAuditHeads",
  tags,
  summary: "List signed heads of the audit log, newest first",
  description: `${mayRead} Keep them elsewhere: what a head speaks for can't be rewritten unseen by whoever has one.`,
  security,
  request: { query: z.strictObject({ limit: pageQuery.limit }) },
  responses: {
    200: json("The heads", z.object({ items: z.array(auditHeadSchema) })),
    ...problemResponses(...reading, "forbidden"),
  },
});

const inclusion = createRoute({
  method: "get",
  path: "/v1/audit/proofs/inclusion",
  operationId: "proveAuditInclusion",
  tags,
  summary: "Prove that a record is in the tree that a head speaks for",
  description: mayRead,
  security,
  request: {
    query: z.strictObject({
      seq: count.openapi(asInteger("The record's number")),
      treeSize: count.optional().openapi(asInteger("Of the head; default: all records")),
    }),
  },
  responses: {
    200: json("The proof (RFC 9162, 2.1.3)", inclusionProofSchema),
    ...problemResponses(...reading, "forbidden", "not_found"),
  },
});

const consistency = createRoute({
  method: "get",
  path: "/v1/audit/proofs/consistency",
  operationId: "proveAuditConsistency",
  tags,
  summary: "Prove that the log was only added to since an earlier head",
  description: mayRead,
  security,
  request: {
    query: z.strictObject({
      from: count.openapi(asInteger("Tree size of the earlier head")),
      to: count.optional().openapi(asInteger("Of the later one; default: all records")),
    }),
  },
  responses: {
    200: json("The proof (RFC 9162, 2.1.4)", consistencyProofSchema),
    ...problemResponses(...reading, "forbidden", "not_found"),
  },
});

export const auditRoutes = (reader: AuditReader): OpenAPIHono<AppEnv> => {
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(listEvents, (context) => {
    const caller = context.get("caller");
    assertMayRead(caller, "audit");
    const { tenant, ...query } = context.req.valid("query");
    return context.json(reader.events(scopeOf(caller, tenant), query), 200);
  });
  routes.openapi(listHeads, (context) => {
    assertMayRead(context.get("caller"), "audit");
    return context.json({ items: reader.heads(context.req.valid("query").limit) }, 200);
  });
  routes.openapi(inclusion, (context) => {
    assertMayRead(context.get("caller"), "audit");
    const { seq, treeSize } = context.req.valid("query");
    return context.json(reader.inclusion(seq, treeSize), 200);
  });
  routes.openapi(consistency, (context) => {
    assertMayRead(context.get("caller"), "audit");
    const { from, to } = context.req.valid("query");
    return context.json(reader.consistency(from, to), 200);
  });
  return routes;
};
