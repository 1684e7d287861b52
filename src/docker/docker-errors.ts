/** What the engine's failures mean to us: by status code, never by message. */
import { ServiceError } from "../domain/errors.ts";

const statusOf = (error: unknown): number | undefined =>
  error instanceof Error && "statusCode" in error && typeof error.statusCode === "number"
    ? error.statusCode
    : undefined;

/** The container is gone, or is going just now. */
export const isGone = (error: unknown): boolean => [404, 409].includes(statusOf(error) ?? 0);

/** `message` is shown to callers, so it says nothing that the engine or a launcher said. */
export const unavailable = (message: string, cause?: unknown): ServiceError =>
  new ServiceError("runtime_unavailable", `No sandbox can be made: ${message}`, {
    cause,
    retryAfterSeconds: 2,
  });

/** Turns a failed engine call into the error the caller sees; the engine's own words stay in the log. */
export const toUnavailable = (error: unknown, doing: string): ServiceError =>
  error instanceof ServiceError
    ? error
    : new ServiceError("runtime_unavailable", `The container engine failed: ${doing}`, {
        cause: error,
        retryAfterSeconds: 2,
      });
