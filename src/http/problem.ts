/** Errors as RFC 9457 problem documents. The only place that knows status codes of errors. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, errorCodes, type ServiceError } from "../domain/errors.ts";
import type { AppEnv } from "./app-env.ts";

export const statusOfCode: Record<ErrorCode, ContentfulStatusCode> = {
  invalid_request: 400,
  unauthenticated: 401,
  forbidden: 403,
  policy_denied: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  session_ended: 410,
  payload_too_large: 413,
  file_refused: 409,
  rate_limited: 429,
  quota_exhausted: 429,
  capacity_exhausted: 503,
  sandbox_failed: 502,
  execution_lost: 502,
  runtime_unavailable: 503,
  audit_unavailable: 503,
  posture_refused: 503,
  store_unavailable: 503,
  internal: 500,
};

export const problemSchema = z
  .object({
    type: z.string().meta({ description: "urn:cloche:problem:<code>" }),
    title: z.string(),
    status: z.int(),
    detail: z.string(),
    code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
    retryable: z.boolean(),
    infra: z.boolean().meta({ description: "True where the service is at fault, not the request" }),
    requestId: z.string(),
    issues: z
      .array(z.object({ field: z.string(), message: z.string() }))
      .optional()
      .meta({ description: "What is wrong, field by field" }),
  })
  .meta({ id: "Problem" });

export const toProblem = (context: Context<AppEnv>, error: ServiceError): Response => {
  const { title, retryable, infra } = errorCodes[error.code];
  const status = statusOfCode[error.code];
  const body: z.infer<typeof problemSchema> = {
    type: `urn:cloche:problem:${error.code}`,
    title,
    status,
    detail: error.message,
    code: error.code,
    retryable,
    infra,
    requestId: context.get("requestId"),
    ...(error.issues.length > 0 ? { issues: error.issues } : {}),
  };
  const headers: Record<string, string> = { "content-type": "application/problem+json" };
  if (error.retryAfterSeconds !== undefined) headers["retry-after"] = String(error.retryAfterSeconds);
  if (error.code === "unauthenticated") headers["www-authenticate"] = 'Bearer realm="cloche"';
  return context.body(JSON.stringify(body), status, headers);
};

/** The problem answers of a route, for its OpenAPI description. */
export const problemResponses = (...codes: ErrorCode[]) =>
  Object.fromEntries(
    codes.map((code) => [
      statusOfCode[code],
      {
        description: codes
          .filter((other) => statusOfCode[other] === statusOfCode[code])
          .map((other) => `${other}: ${errorCodes[other].title}`)
          .join("; "),
        content: { "application/problem+json": { schema: problemSchema } },
      },
    ]),
  );
