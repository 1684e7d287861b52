/** What the audit log has of a request that was refused for its key or role, or because of what this host is. */
import type { Context } from "hono";
import type { NewAuditEvent } from "../domain/audit-event.ts";
import type { ErrorCode } from "../domain/errors.ts";
import { actorOf } from "../engine/tenants/roles.ts";
import type { AppEnv } from "./app-env.ts";
import { readableOf } from "./reading.ts";

const types: Partial<Record<ErrorCode, NewAuditEvent["type"]>> = {
  unauthenticated: "access.denied",
  forbidden: "access.denied",
  posture_refused: "posture.refused",
};

/** undefined for what is refused for another reason. */
export const denialOf = (context: Context<AppEnv>, code: ErrorCode): NewAuditEvent | undefined => {
  const type = types[code];
  if (type === undefined) return;
  // There is none where the key was not valid.
  const caller = context.get("caller") as AppEnv["Variables"]["caller"] | undefined;
  return {
    type,
    tenant: caller?.tenant ?? null,
    actor: caller ? actorOf(caller) : null,
    subject: { request: context.get("requestId") },
    data: { code, method: context.req.method, what: readableOf(context.req.path) ?? null },
  };
};
