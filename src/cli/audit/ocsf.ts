/** Events as OCSF 1.8 has them: https://schema.ocsf.io/1.8.0. What it has no place for is under `unmapped`. */
import { type AuditEvent, isFailure } from "./event.ts";

const VERSION = "1.8.0";
const OTHER = 99;

/** Class, activity, and what only that class needs. */
interface Mapping {
  class: keyof typeof classes;
  activity: number;
}

const classes = {
  process: { uid: 1007, category: 1, name: "Process Activity" },
  finding: { uid: 2004, category: 2, name: "Detection Finding" },
  account: { uid: 3001, category: 3, name: "Account Change" },
  lifecycle: { uid: 6002, category: 6, name: "Application Lifecycle" },
  api: { uid: 6003, category: 6, name: "API Activity" },
} as const;

const mappings: Record<string, Mapping> = {
  "execution.accepted": { class: "process", activity: 1 },
  "execution.finished": { class: "process", activity: 2 },
  "execution.failed": { class: "process", activity: 2 },
  "execution.denied": { class: "finding", activity: 1 },
  "execution.cancelled": { class: "api", activity: 4 },
  "session.opened": { class: "api", activity: 1 },
  "session.reset": { class: "api", activity: 3 },
  "session.ended": { class: "api", activity: 4 },
  "files.written": { class: "api", activity: 3 },
  "files.read": { class: "api", activity: 2 },
  "files.removed": { class: "api", activity: 4 },
  "key.created": { class: "account", activity: 1 },
  "key.revoked": { class: "account", activity: 5 },
  "tenant.limits_set": { class: "api", activity: 3 },
  "grant.issued": { class: "api", activity: 1 },
  "grant.revoked": { class: "api", activity: 4 },
  "grant.used": { class: "api", activity: 2 },
  "proof.ran": { class: "api", activity: 1 },
  "policy.denied": { class: "api", activity: OTHER },
  "access.denied": { class: "api", activity: OTHER },
  "posture.refused": { class: "api", activity: OTHER },
  "service.started": { class: "lifecycle", activity: 3 },
  "service.stopped": { class: "lifecycle", activity: 4 },
};

export const toOcsf = (event: AuditEvent): Record<string, unknown> => {
  // The rest is about the service and its log.
  const mapping = mappings[event.type] ?? { class: "lifecycle", activity: OTHER };
  const { uid, category, name } = classes[mapping.class];
  const failed = isFailure(event);
  return {
    metadata: {
      version: VERSION,
      product: { name: "Cloche", vendor_name: "Cloche" },
      uid: event.id,
      sequence: event.seq,
      event_code: event.type,
      log_name: "audit",
      ...(event.tenant !== null && { tenant_uid: event.tenant }),
    },
    time: Date.parse(event.time),
    category_uid: category,
    class_uid: uid,
    class_name: name,
    activity_id: mapping.activity,
    ...(mapping.activity === OTHER && { activity_name: event.type }),
    type_uid: uid * 100 + mapping.activity,
    severity_id: severityOf(event),
    status_id: failed ? 2 : 1,
    status: failed ? "Failure" : "Success",
    ...partsOf[mapping.class](event),
    unmapped: { subject: event.subject, data: event.data, prev: event.prev, hash: event.hash },
  };
};

/** 1 informational, 2 low, 3 medium. */
const severityOf = (event: AuditEvent): number => {
  if (event.type === "execution.denied" || event.type === "access.denied") return 3;
  return isFailure(event) ? 2 : 1;
};

const actorOf = ({ actor }: AuditEvent) =>
  actor ? { user: { uid: actor.keyId, groups: [{ name: actor.role }] } } : { app_name: "cloche" };

const partsOf: Record<Mapping["class"], (event: AuditEvent) => Record<string, unknown>> = {
  process: (event) => ({
    actor: actorOf(event),
    // A sandbox is a machine of its own to what runs in it.
    device: { type_id: 6, name: "sandbox" },
    process: { uid: event.subject["execution"] ?? event.id, name: String(event.data["kind"] ?? "script") },
    ...(typeof event.data["exitCode"] === "number" && { exit_code: event.data["exitCode"] }),
  }),
  finding: (event) => ({
    finding_info: {
      uid: event.id,
      title: "System calls that the policy denies",
      types: ["denied_system_calls"],
      ...(event.subject["execution"] !== undefined && {
        src_url: `/v1/executions/${event.subject["execution"]}`,
      }),
    },
  }),
  account: (event) => ({
    actor: actorOf(event),
    user: {
      uid: event.subject["key"] ?? event.id,
      ...(event.tenant !== null && { org: { uid: event.tenant } }),
    },
  }),
  lifecycle: () => ({ app: { name: "Cloche" } }),
  api: (event) => ({
    actor: actorOf(event),
    api: { operation: event.type, ...(requestOf(event) && { request: { uid: requestOf(event) } }) },
    // The log has no addresses.
    src_endpoint: { name: "not recorded" },
  }),
};

const requestOf = ({ subject }: AuditEvent) => subject["request"];
