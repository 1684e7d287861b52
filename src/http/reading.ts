/** Which kind of thing a path reads or changes, and whether the caller's role may: asked before any route is. */
import { createMiddleware } from "hono/factory";
import { assertMayChange, assertMayRead, assertRole, type Readable } from "../engine/tenants/roles.ts";
import type { AppEnv } from "./app-env.ts";
import { isReading } from "./auth.ts";

/** By the part after /v1/. */
const ofResource: Record<string, Readable> = {
  policies: "policies",
  proofs: "proofs",
  attempts: "proofs",
  posture: "posture",
  "signing-keys": "signingKeys",
  audit: "audit",
  executions: "runs",
  batches: "runs",
  sessions: "runs",
  cohorts: "runs",
  images: "images",
  tenants: "tenants",
  keys: "keys",
};

/** undefined for a path that is not known here. */
export const readableOf = (path: string): Readable | undefined => {
  if (path === "/metrics") return "metrics";
  if (/^\/v1\/executions\/[^/]+\/receipt$/.test(path)) return "receipts";
  const [, resource = ""] = /^\/v1\/([^/]+)(?:\/|$)/.exec(path) ?? [];
  return Object.hasOwn(ofResource, resource) ? ofResource[resource] : undefined;
};

/** Comes after `authenticate`. A path that is not known here is nothing for an auditor. */
export const refuseReading = createMiddleware<AppEnv>(async (context, next) => {
  if (isReading(context.req)) {
    const caller = context.get("caller");
    const what = readableOf(context.req.path);
    if (what !== undefined) assertMayRead(caller, what);
    else assertRole(caller, "submitter", "admin");
  }
  await next();
});

/** Comes after `authenticate`: who is refused for a role hears which one would do, whatever else a route asks for. */
export const refuseChanging = createMiddleware<AppEnv>(async (context, next) => {
  if (!isReading(context.req)) assertMayChange(context.get("caller"), readableOf(context.req.path));
  await next();
});
