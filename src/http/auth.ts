/** Bearer API keys, and what a key's role lets a request do. */
import type { Context, HonoRequest } from "hono";
import { createMiddleware } from "hono/factory";
import { ServiceError } from "../domain/errors.ts";
import type { Caller, Role } from "../domain/tenant.ts";
import { DEFAULT_TENANT, type Keys } from "../engine/tenants/keys.ts";
import { assertRole } from "../engine/tenants/roles.ts";
import type { AppEnv } from "./app-env.ts";

/** Whoever can reach the service where no key is asked for. */
const local: Caller = { tenant: DEFAULT_TENANT, role: "admin", keyId: "local" };

/** With `keys` undefined every request passes; the configuration allows that on loopback only. */
export const authenticate = (keys: Pick<Keys, "authenticate"> | undefined) =>
  createMiddleware<AppEnv>(async (context, next) => {
    context.set("caller", keys ? callerOf(keys, context.req.header("authorization")) : local);
    await next();
  });

const callerOf = (keys: Pick<Keys, "authenticate">, authorization = ""): Caller => {
  const [, text] = /^Bearer +(\S+)$/i.exec(authorization) ?? [];
  if (text === undefined) {
    throw new ServiceError("unauthenticated", "Send the API key: Authorization: Bearer <key>");
  }
  const caller = keys.authenticate(text);
  if (!caller) throw new ServiceError("unauthenticated", "The API key is not valid");
  return caller;
};

/** Whether a request is one that changes nothing: a question has a body, and is none the less one. */
export const isReading = ({ method, path }: Pick<HonoRequest, "method" | "path">): boolean =>
  method === "GET" || method === "HEAD" || method === "OPTIONS" || (method === "POST" && isQuestion(path));

const isQuestion = (path: string) => /^\/v1\/policies\/[^/]+\/explain$/.test(path);

/** The caller, if it has one of the roles; else throws `forbidden`. */
export const requireRole = (context: Context<AppEnv>, ...allowed: [Role, ...Role[]]): Caller => {
  const caller = context.get("caller");
  assertRole(caller, ...allowed);
  return caller;
};
