/** What the audit log has of the service itself. */
import type { NewAuditEvent } from "../../domain/audit-event.ts";
import type { AuditLog, AuditReader } from "../ports/audit-log.ts";

export interface StartFacts {
  instance: string;
  version: string;
  node: string;
  policies: readonly { name: string; digest: string }[];
}

/** The service's start, and each policy with its digest; `changed` is null where the one before is not known. */
export const recordStart = (audit: AuditLog, reader: AuditReader, facts: StartFacts): void => {
  const { instance, version, node, policies } = facts;
  const before = policies.map(({ name }) => digestBefore(reader, name));
  audit.append(ofService("service.started", { instance }, { version, node, policies: policies.length }));
  for (const [i, { name, digest }] of policies.entries()) {
    const previous = before[i] ?? null;
    const changed = previous === null ? null : previous !== digest;
    audit.append(ofService("policy.loaded", { policy: name }, { digest, previous, changed }));
  }
};

export const recordStop = (audit: AuditLog, instance: string): void =>
  audit.append(ofService("service.stopped", { instance }, {}));

/** What of it is near: a log that has grown by megabytes since is not searched for it. */
const digestBefore = (reader: AuditReader, policy: string): string | undefined => {
  const { items } = reader.events(undefined, { limit: 1, type: "policy.loaded", subject: policy });
  const digest = items[0]?.data["digest"];
  return typeof digest === "string" ? digest : undefined;
};

const ofService = (
  type: NewAuditEvent["type"],
  subject: NewAuditEvent["subject"],
  data: NewAuditEvent["data"],
): NewAuditEvent => ({ type, tenant: null, actor: null, subject, data });
