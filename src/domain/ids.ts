/** Branded, prefixed ids: sortable by time of creation, unguessable, tell their kind at a glance. */
import { randomBytes } from "node:crypto";
import { z } from "zod";

type Id<Prefix extends string> = `${Prefix}_${string}`;

export type ExecutionId = Id<"exe">;
export type SandboxId = Id<"sbx">;
export type SessionId = Id<"ses">;
export type CohortId = Id<"coh">;
export type KeyId = Id<"key">;
export type AuditEventId = Id<"evt">;
export type ProofId = Id<"prf">;

/** Returns `<prefix>_` + 12 hex digits of the time in ms + 20 random hex digits (80 bits). */
const createId = <Prefix extends string>(prefix: Prefix, nowMs: number): Id<Prefix> =>
  `${prefix}_${nowMs.toString(16).padStart(12, "0")}${randomBytes(10).toString("hex")}`;

export const createExecutionId = (nowMs: number): ExecutionId => createId("exe", nowMs);
export const createSandboxId = (nowMs: number): SandboxId => createId("sbx", nowMs);
export const createSessionId = (nowMs: number): SessionId => createId("ses", nowMs);
export const createCohortId = (nowMs: number): CohortId => createId("coh", nowMs);
export const createAuditEventId = (nowMs: number): AuditEventId => createId("evt", nowMs);
export const createProofId = (nowMs: number): ProofId => createId("prf", nowMs);
export const createKeyId = (nowMs: number): KeyId => createId("key", nowMs);

/** An id in a request: its shape is not checked, since whatever is no id is simply not found. */
export const idSchema = z.string().max(64);
