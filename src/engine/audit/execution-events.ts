/** What the audit log has of an execution: ids, names, numbers and hashes, and nothing that its code wrote. */
import type { AuditActor, NewAuditEvent } from "../../domain/audit-event.ts";
import { ServiceError } from "../../domain/errors.ts";
import { escapeCalls } from "../../domain/escape-calls.ts";
import type { Execution, ExecutionHead, FailedExecution } from "../../domain/execution.ts";
import type { DeniedCalls } from "../../domain/syscalls.ts";
import { sha256 } from "../../integrity/hash.ts";
import type { AuditLog } from "../ports/audit-log.ts";

/** Kinds of denied calls that one event names. */
const MOST_CALLS = 16;

export const executionAccepted = (tenant: string, head: ExecutionHead, actor: AuditActor): NewAuditEvent => ({
  ...about("execution.accepted", tenant, head),
  actor,
  data: under(head),
});

/** The last one says that it ended; before it, what it was denied. `receipt` is the text that is stored. */
export const executionEnd = (
  tenant: string,
  { observation, ...head }: Execution,
  receipt: string | undefined,
): NewAuditEvent[] => [
  ...(observation.denied.total > 0 ? [callsDenied(tenant, head, observation.denied)] : []),
  {
    ...about("execution.finished", tenant, head),
    data: {
      ...under(head),
      outcome: observation.outcome,
      exitCode: observation.exitCode,
      deniedCalls: observation.denied.total,
      receipt: receipt === undefined ? null : sha256(receipt),
    },
  },
];

export const executionFailed = (
  tenant: string,
  { error, ...head }: Pick<FailedExecution, "error"> & ExecutionHead,
): NewAuditEvent => ({
  ...about("execution.failed", tenant, head),
  data: { ...under(head), code: error.code },
});

/** Somebody asked for it; what became of the run is another event. */
export const executionCancelled = (
  tenant: string,
  head: ExecutionHead,
  actor: AuditActor,
): NewAuditEvent => ({
  ...about("execution.cancelled", tenant, head),
  actor,
});

export interface Refused {
  tenant: string;
  actor: AuditActor;
  subject: Record<string, string>;
}

/** Records what a policy did not allow, and returns what is to be thrown. */
export const recordDenial = (audit: AuditLog, error: unknown, refused: Refused): unknown => {
  if (error instanceof ServiceError && error.code === "policy_denied") {
    audit.append({ type: "policy.denied", ...refused, data: { detail: error.message } });
  }
  return error;
};

const about = (
  type: NewAuditEvent["type"],
  tenant: string,
  { id, session }: ExecutionHead,
): NewAuditEvent => ({
  type,
  tenant,
  actor: null,
  subject: { execution: id, ...(session && { session: session.id }) },
  data: {},
});

const under = ({ action, tier }: ExecutionHead): NewAuditEvent["data"] => ({
  kind: action.kind,
  action: `sha256:${action.sha256}`,
  image: action.image.name,
  imageDigest: action.image.digest,
  policy: action.policy.name,
  policyDigest: action.policy.digest,
  tier,
});

const callsDenied = (tenant: string, head: ExecutionHead, denied: DeniedCalls): NewAuditEvent => {
  const counts = new Map<string, number>();
  for (const { call, count } of denied.calls) counts.set(call, (counts.get(call) ?? 0) + count);
  // Else a flood of harmless kinds would push the one that matters out of the list.
  const inOrder = [...counts].sort(([a], [b]) => Number(escapeCalls.has(b)) - Number(escapeCalls.has(a)));
  const named = inOrder.slice(0, MOST_CALLS).map(([call, count]) => [`call.${call}`, count]);
  return {
    ...about("execution.denied", tenant, head),
    data: { total: denied.total, kinds: counts.size, ...Object.fromEntries(named) },
  };
};
