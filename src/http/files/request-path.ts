/**
 * The file's name in a request's address. It is taken from the target as it came over the wire: URL parsers
 * resolve `..` and `%2e%2e` before a route sees them, so that a hostile name would silently be another one.
 */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import { workspacePath } from "../../domain/workspace-path.ts";
import type { AppEnv } from "../app-env.ts";

const FILE_TARGET = /^(?:https?:\/\/[^/?#]*)?\/v1\/sessions\/[^/?#]+\/files\/([^?#]+)/i;

/**
 * Percent-decoded exactly once and checked; throws `invalid_request` that says what is wrong with it. %2F is a /:
 * clients made from the OpenAPI document know no other way to send one.
 */
export const requestPath = (context: Context<AppEnv>): string => {
  const [, raw] = FILE_TARGET.exec(targetOf(context)) ?? [];
  if (raw === undefined) throw new ServiceError("not_found", "There is no such address");
  return checkPath(decode(raw), "path");
};

/** Refuses an address of which a part can't be decoded, rather than guess what was meant. */
export const checkEncoding = (context: Context<AppEnv>): void => {
  decode(targetOf(context));
};

/** Throws `invalid_request` that names `field` unless it is a name that a workspace can have. */
export const checkPath = (path: string, field: string): string => {
  const checked = workspacePath.safeParse(path);
  if (!checked.success) {
    const issues = checked.error.issues.map(({ message }) => ({ field, message }));
    throw new ServiceError("invalid_request", `The request is wrong in: ${field}`, { issues });
  }
  return checked.data;
};

const targetOf = (context: Context<AppEnv>): string => context.env?.incoming?.url ?? context.req.raw.url;

const decode = (raw: string): string => {
  try {
    return decodeURIComponent(raw);
  } catch {
    throw wrongPath("must be percent-encoded UTF-8");
  }
};

const wrongPath = (message: string) =>
  new ServiceError("invalid_request", "The request is wrong in: path", {
    issues: [{ field: "path", message }],
  });
