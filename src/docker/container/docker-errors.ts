/** What the engine's failures are to a caller. */
import { ServiceError } from "../../domain/errors.ts";

/** `message` is shown to callers, so it says nothing that the engine or a launcher said. */
const runtimeUnavailable = (message: string, cause: unknown): ServiceError =>
  new ServiceError("runtime_unavailable", message, { cause, retryAfterSeconds: 2 });

/** What a policy asks for can't be had on this host. */
export const unavailable = (reason: string, cause?: unknown): ServiceError =>
  runtimeUnavailable(`No sandbox can be made: ${reason}`, cause);

/** Turns a failed engine call into the error the caller sees; the engine's own words stay in the log. */
export const toUnavailable = (error: unknown, doing: string): ServiceError =>
  error instanceof ServiceError ? error : runtimeUnavailable(`The container engine failed: ${doing}`, error);

/** What the engine answered, as an HTTP status; undefined when it did not. Never read from a message. */
export const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;
