/** Signed records of executions, the keys to check them with, and executions run again to compare. */
import { createHash } from "node:crypto";
import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import { ServiceError } from "../../domain/errors.ts";
import { createExecutionId, idSchema } from "../../domain/ids.ts";
import { receiptSchema } from "../../domain/receipt.ts";
import { replaySchema } from "../../domain/replay.ts";
import { type SigningKey, signingKeySchema } from "../../domain/signing-key.ts";
import type { Ledger } from "../../engine/executions/ledger.ts";
import { statusOf } from "../../engine/executions/record-of.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import type { ExecutionStore, StoredReceipt } from "../../engine/ports/stores.ts";
import type { Replays } from "../../engine/receipts/replays.ts";
import { actorOf, assertMayRead, visibleTo } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { changing, reading } from "../common-problems.ts";
import { keyOf, makeOnce } from "../once.ts";
import { problemResponses } from "../problem.ts";
import { postHeaders } from "../request-headers.ts";
import { invalidRequest } from "../validation.ts";
import { typed } from "./executions.ts";

const security = [{ apiKey: [] }];
const tags = ["receipts"];
const params = z.object({ id: idSchema });

const read = createRoute({
  method: "get",
  path: "/v1/executions/{id}/receipt",
  operationId: "readReceipt",
  tags,
  summary: "Read an execution's receipt: what ran, under what, and what came of it, signed",
  description: "Canonical JSON (RFC 8785). It never changes, so it may be cached for as long as you like.",
  security,
  request: {
    params,
    headers: z.object({
      "if-none-match": z.string().optional().meta({ description: "The ETag of the receipt you have" }),
    }),
  },
  responses: {
    200: { description: "The receipt", content: { "application/json": { schema: receiptSchema } } },
    304: { description: "You have it" },
    ...problemResponses(...reading, "forbidden", "not_found", "conflict"),
  },
});

const listKeys = createRoute({
  method: "get",
  path: "/v1/signing-keys",
  operationId: "listSigningKeys",
  tags,
  summary: "List the public keys that receipts and heads of the audit log are checked with",
  description: "The one that signs now comes first; then those of before.",
  security,
  responses: {
    200: {
      description: "The keys",
      content: { "application/json": { schema: z.object({ items: z.array(signingKeySchema) }) } },
    },
    ...problemResponses("unauthenticated", "forbidden", "internal"),
  },
});

const replay = createRoute({
  method: "post",
  path: "/v1/executions/{id}/replay",
  operationId: "replayExecution",
  tags,
  summary: "Run the same action again under the same image, policy and seed, and compare",
  description:
    "Compared are outcome, exit code, exception, stdout, stderr, results and files; not time and memory. " +
    "A conflict says why the same can't be had again.",
  security,
  request: { params, headers: postHeaders },
  responses: {
    200: { description: "What differs", content: { "application/json": { schema: replaySchema } } },
    ...problemResponses(
      ...changing,
      "policy_denied",
      "not_found",
      "conflict",
      "quota_exhausted",
      "sandbox_failed",
      "capacity_exhausted",
      "runtime_unavailable",
    ),
  },
});

export interface ReceiptRouteDependencies {
  ledger: Pick<Ledger, "find" | "stands">;
  store: ExecutionStore;
  replays: Pick<Replays, "replay" | "compare">;
  idempotency: Idempotency;
  signingKeys: readonly SigningKey[];
}

export const receiptRoutes = (deps: ReceiptRouteDependencies): OpenAPIHono<AppEnv> => {
  const { ledger, store, replays, idempotency, signingKeys } = deps;
  const routes = new OpenAPIHono<AppEnv>({ defaultHook: invalidRequest });
  routes.openapi(read, (context) => {
    const { id } = context.req.valid("param");
    const caller = context.get("caller");
    assertMayRead(caller, "receipts");
    const receipt = receiptOf(store, visibleTo(caller), id);
    const etag = `"${createHash("sha256").update(receipt).digest("hex")}"`;
    context.header("etag", etag);
    context.header("cache-control", "private, max-age=31536000, immutable");
    if (context.req.header("if-none-match") === etag) return context.body(null, 304);
    return typed(context.body(receipt, 200, { "content-type": "application/json" }));
  });
  routes.openapi(listKeys, (context) => {
    assertMayRead(context.get("caller"), "signingKeys");
    return context.json({ items: [...signingKeys] }, 200);
  });
  routes.openapi(replay, async (context) => {
    const { id: original } = context.req.valid("param");
    const visible = visibleTo(context.get("caller"));
    const actor = actorOf(context.get("caller"));
    // Whoever sent a key may come back for it.
    const signal = keyOf(context) === undefined ? context.req.raw.signal : new AbortController().signal;
    const answer = await makeOnce(context, idempotency, {
      createRef: () => createExecutionId(Date.now()),
      first: (id) => replays.replay(visible, original, { id, actor, signal }),
      holds: (id) => ledger.stands(visible, id),
      again: async (id) => {
        await ledger.find(visible, id)?.result;
        const stored = store.find(visible, id);
        if (stored === undefined || statusOf(stored) !== "finished") return undefined;
        return replays.compare(visible, original, id);
      },
    });
    return context.json(answer, 200);
  });
  return routes;
};

/** Throws `not_found` or `conflict`. */
const receiptOf = (store: ExecutionStore, visible: string | undefined, id: string): StoredReceipt => {
  const receipt = store.receipt(visible, id);
  if (receipt !== undefined) return receipt;
  const stored = store.find(visible, id);
  if (stored === undefined) {
    throw new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);
  }
  const status = statusOf(stored);
  if (status === "failed") {
    const message = `Execution ${id} has no receipt: the service failed to carry it through, so nothing came of it`;
    throw new ServiceError("not_found", message);
  }
  if (status === "finished") {
    throw new ServiceError("not_found", `Execution ${id} has no receipt: it ended before receipts were made`);
  }
  throw new ServiceError("conflict", `Execution ${id} has not ended; its receipt is made when it does`);
};
