/**
 * Faults of the service or of a request. What user code does is never one of these:
 * that is an outcome (outcome.ts), and the answer is a success.
 */

/** Each code with what a client should know of it; docs/errors.md is checked against this table. */
export const errorCodes = {
  invalid_request: { title: "The request is malformed", retryable: false, infra: false },
  unauthenticated: { title: "A valid API key is missing", retryable: false, infra: false },
  policy_denied: { title: "The policy does not allow this", retryable: false, infra: false },
  not_found: { title: "There is no such thing", retryable: false, infra: false },
  payload_too_large: { title: "The request is too large", retryable: false, infra: false },
  capacity_exhausted: { title: "The service is full", retryable: true, infra: true },
  sandbox_failed: { title: "The sandbox broke", retryable: true, infra: true },
  runtime_unavailable: { title: "The container engine cannot be used", retryable: true, infra: true },
  internal: { title: "The service failed", retryable: true, infra: true },
} as const;

export type ErrorCode = keyof typeof errorCodes;

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
