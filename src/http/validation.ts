/** Turns what zod found into a problem that names each field. */
import type { Hook } from "@hono/zod-openapi";
import { ServiceError } from "../domain/errors.ts";
import type { AppEnv } from "./app-env.ts";

const MAX_ISSUES = 20;

/** Throws `invalid_request` when the request doesn't fit its schema. */
// biome-ignore lint/suspicious/noExplicitAny: the hook serves routes of any input and output
export const invalidRequest: Hook<any, AppEnv, any, any> = (result) => {
  if (result.success) return;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map(({ path, message }) => ({
    field: path.map(String).join(".") || "(body)",
    message,
  }));
  const fields = issues.map(({ field }) => field).join(", ");
  throw new ServiceError("invalid_request", `The request is wrong in: ${fields}`, { issues });
};
