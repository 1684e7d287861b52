/** What the audit log has of a session and its files. */
import type { AuditActor, NewAuditEvent } from "../../domain/audit-event.ts";
import type { Session } from "../../domain/session.ts";

type Known = Pick<Session, "id" | "tenant" | "image" | "policy" | "sandboxId" | "cohortId">;

export const sessionOpened = (session: Known, actor: AuditActor): NewAuditEvent => ({
  ...about("session.opened", session, actor),
  data: {
    image: session.image.name,
    imageDigest: session.image.digest,
    policy: session.policy.name,
    policyDigest: session.policy.digest,
  },
});

export const sessionReset = (session: Known, actor: AuditActor): NewAuditEvent =>
  about("session.reset", session, actor);

export const sessionEnded = (session: Known, reason: string, actor: AuditActor): NewAuditEvent => ({
  ...about("session.ended", session, actor),
  data: { reason },
});

const about = (type: NewAuditEvent["type"], session: Known, actor: AuditActor): NewAuditEvent => ({
  type,
  tenant: session.tenant,
  actor,
  subject: {
    session: session.id,
    sandbox: session.sandboxId,
    ...(session.cohortId !== null && { cohort: session.cohortId }),
  },
  data: {},
});
