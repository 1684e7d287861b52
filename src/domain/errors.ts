/**
 * Faults of the service or of a request. What user code does is never one of these:
 * that is an outcome (outcome.ts), and the answer is a success.
 */
import { z } from "zod";

/** Each code with what a client should know of it; docs/errors.md is checked against this table. */
export const errorCodes = {
  invalid_request: { title: "The request is malformed", retryable: false, infra: false },
  unauthenticated: { title: "A valid API key is missing", retryable: false, infra: false },
  forbidden: { title: "The key's role does not allow this", retryable: false, infra: false },
  policy_denied: { title: "The policy does not allow this", retryable: false, infra: false },
  not_found: { title: "There is no such thing", retryable: false, infra: false },
  method_not_allowed: { title: "The address does not take this method", retryable: false, infra: false },
  conflict: { title: "It is not in the state for this", retryable: false, infra: false },
  session_ended: { title: "The session has ended", retryable: false, infra: false },
  payload_too_large: { title: "The request is too large", retryable: false, infra: false },
  file_refused: { title: "The workspace refuses this", retryable: false, infra: false },
  rate_limited: { title: "The tenant sends too many requests", retryable: true, infra: false },
  quota_exhausted: { title: "The tenant's bound for today is used up", retryable: true, infra: false },
  capacity_exhausted: { title: "The service is full", retryable: true, infra: true },
  sandbox_failed: { title: "The sandbox broke", retryable: true, infra: true },
  execution_lost: { title: "The service went down while this ran", retryable: true, infra: true },
  runtime_unavailable: { title: "The container engine cannot be used", retryable: true, infra: true },
  audit_unavailable: { title: "The audit log cannot be written", retryable: true, infra: true },
  posture_refused: { title: "This host is not good enough to run code", retryable: true, infra: true },
  store_unavailable: { title: "The store cannot be written", retryable: true, infra: true },
  internal: { title: "The service failed", retryable: true, infra: true },
} as const;

export type ErrorCode = keyof typeof errorCodes;

/** An error where it is not the whole answer: of one item of many, or at the end of a stream. */
export const faultSchema = z.object({
  code: z.enum(Object.keys(errorCodes) as [ErrorCode, ...ErrorCode[]]),
  detail: z.string(),
  retryable: z.boolean(),
  infra: z.boolean().meta({ description: "True where the service is at fault, not the request" }),
});
export type Fault = z.infer<typeof faultSchema>;

interface ErrorOptions {
  cause?: unknown;
  /** Which part of the request is wrong and what was expected there. */
  issues?: { field: string; message: string }[];
  /** Seconds after which a retry makes sense. */
  retryAfterSeconds?: number;
}

/** The only error thrown on purpose. `message` is shown to the caller; `cause` goes to the log only. */
export class ServiceError extends Error {
  override readonly name = "ServiceError";
  readonly code: ErrorCode;
  readonly issues: { field: string; message: string }[];
  readonly retryAfterSeconds: number | undefined;

  constructor(code: ErrorCode, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.issues = options.issues ?? [];
    this.retryAfterSeconds = options.retryAfterSeconds;
  }
}

/** Whoever gets this may have had code run in part; nothing of it was stored. */
export const shuttingDown = (): ServiceError =>
  new ServiceError("capacity_exhausted", "The service is shutting down", { retryAfterSeconds: 5 });

/** What may be told of any error; whatever was not thrown on purpose is told without its words. */
export const toFault = (error: unknown): Fault => {
  const code = error instanceof ServiceError ? error.code : "internal";
  const { retryable, infra } = errorCodes[code];
  return {
    code,
    detail: error instanceof ServiceError ? error.message : "The service failed",
    retryable,
    infra,
  };
};
