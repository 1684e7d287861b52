import { ServiceError } from "../../domain/errors.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { PostureKeeper } from "./posture-keeper.ts";

/** Puts on record that this host may not run code, and why; nothing where it may. */
export const recordRefusal = (audit: AuditLog, posture: Pick<PostureKeeper, "assertAcceptable">): void => {
  try {
    posture.assertAcceptable();
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error;
    audit.append({
      type: "posture.refused",
      tenant: null,
      actor: null,
      subject: {},
      data: { reason: error.message },
    });
  }
};
