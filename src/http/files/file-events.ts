/** What the audit log has of a session's files: how many, how many bytes, and the path's hash; never a name. */
import type { Context } from "hono";
import type { AuditEventType } from "../../domain/audit-event.ts";
import { actorOf } from "../../engine/tenants/roles.ts";
import { sha256 } from "../../integrity/hash.ts";
import type { AppEnv } from "../app-env.ts";
import type { FileRouteDependencies } from "./dependencies.ts";

type FileEvent = Extract<AuditEventType, `files.${string}`>;

/** Before the answer: throws `audit_unavailable`. */
export const recordFiles = (
  context: Context<AppEnv>,
  { audit, tenantOf }: Pick<FileRouteDependencies, "audit" | "tenantOf">,
  type: FileEvent,
  { path, files, bytes }: { path: string; files: number; bytes: number | null },
): void => {
  const caller = context.get("caller");
  const session = context.req.param("id") ?? "";
  audit.append({
    type,
    tenant: tenantOf(session) ?? caller.tenant,
    actor: actorOf(caller),
    subject: { session },
    data: { path: sha256(path), files, bytes },
  });
};
