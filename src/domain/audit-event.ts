/** One entry of the hash-chained log of everything that matters to whoever has to trust the service. */
import { z } from "zod";

export const auditEventTypes = [
  "service.started",
  "service.stopped",
  "policy.loaded",
  "policy.denied",
  "execution.accepted",
  "execution.finished",
  "execution.failed",
  "execution.denied",
  "execution.cancelled",
  "session.opened",
  "session.reset",
  "session.ended",
  "files.written",
  "files.read",
  "files.removed",
  "key.created",
  "key.revoked",
  "tenant.limits_set",
  "grant.issued",
  "grant.revoked",
  "grant.used",
  "access.denied",
  "proof.ran",
  "posture.refused",
  "audit.rotated",
  "audit.removed",
  "audit.repaired",
  "audit.resumed",
] as const;
export type AuditEventType = (typeof auditEventTypes)[number];

/** Who did something; null: the service itself. */
export type AuditActor = { keyId: string; role: string } | null;

/** What the one who writes an event knows. `data` is small, flat, and never has what user code wrote but as a hash. */
export interface NewAuditEvent {
  type: AuditEventType;
  /** null: the service itself. */
  tenant: string | null;
  actor: AuditActor;
  /** Ids that the event is about, by kind: execution, session, key, policy, sandbox, proof, request. */
  subject: Record<string, string>;
  data: Record<string, string | number | boolean | null>;
}

/** As written: one line of canonical JSON. `hash` is the SHA-256 of the line without it; `prev` is the one before. */
export const auditEventSchema = z
  .strictObject({
    v: z.literal(1),
    seq: z.int().min(1),
    id: z.string().meta({ example: "evt_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0" }),
    time: z.iso.datetime(),
    type: z.enum(auditEventTypes),
    tenant: z.string().nullable(),
    actor: z.strictObject({ keyId: z.string(), role: z.string() }).nullable(),
    subject: z.record(z.string(), z.string()),
    data: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    prev: z.string(),
    hash: z.string(),
  })
  .meta({ id: "AuditEvent" });
export type AuditEvent = z.infer<typeof auditEventSchema>;

const sha256 = z.string().meta({ example: `sha256:${"0".repeat(64)}` });

/** What the service signs: how many records there were at a time, and the root of the tree over them (RFC 9162). */
export const auditHeadSchema = z
  .strictObject({
    kind: z.literal("audit-head"),
    v: z.literal(1),
    treeSize: z.int().min(0),
    rootHash: sha256,
    lastHash: sha256.meta({ description: "Of the last record" }),
    time: z.iso.datetime(),
    keyId: z.string(),
    signature: z.string().meta({ description: "Ed25519 over the canonical JSON of the rest, base64" }),
  })
  .meta({ id: "AuditHead" });
export type AuditHead = z.infer<typeof auditHeadSchema>;

export const inclusionProofSchema = z
  .strictObject({
    seq: z.int().min(1),
    treeSize: z.int().min(1),
    leafHash: sha256.meta({ description: "SHA-256 of a zero byte and the record's line" }),
    rootHash: sha256,
    path: z.array(sha256).meta({ description: "RFC 9162, 2.1.3" }),
  })
  .meta({ id: "AuditInclusionProof" });
export type InclusionProof = z.infer<typeof inclusionProofSchema>;

export const consistencyProofSchema = z
  .strictObject({
    from: z.int().min(1),
    to: z.int().min(1),
    fromRootHash: sha256,
    toRootHash: sha256,
    path: z.array(sha256).meta({ description: "RFC 9162, 2.1.4" }),
  })
  .meta({ id: "AuditConsistencyProof" });
export type ConsistencyProof = z.infer<typeof consistencyProofSchema>;
