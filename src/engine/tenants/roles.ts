/** What a role lets a caller do. */
import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError } from "../../domain/errors.ts";
import type { Caller, Role } from "../../domain/tenant.ts";

/**
 * What there is to read, and who may. An auditor sees under which rules something ran and that the record of it is
 * whole; never code, output, files, or what callers wrote about their sessions.
 */
const readers = {
  policies: ["submitter", "auditor", "admin"],
  proofs: ["auditor", "admin"],
  posture: ["auditor", "admin"],
  receipts: ["submitter", "auditor", "admin"],
  signingKeys: ["submitter", "auditor", "admin"],
  audit: ["auditor", "admin"],
  /** Executions, their events and output, sessions, cohorts and files. */
  runs: ["submitter", "admin"],
  images: ["submitter", "admin"],
  tenants: ["submitter", "admin"],
  metrics: ["submitter", "admin"],
  keys: ["admin"],
} as const satisfies Record<string, readonly [Role, ...Role[]]>;

export type Readable = keyof typeof readers;

/** Throws `forbidden` unless the caller's role may read such a thing at all; whose it may read is `visibleTo`. */
export const assertMayRead = (caller: Caller, what: Readable): void => {
  const allowed: readonly [Role, ...Role[]] = readers[what];
  assertRole(caller, ...allowed);
};

/** What only admins change. An auditor changes nothing at all. */
const changers: Partial<Record<Readable, readonly [Role, ...Role[]]>> = {
  keys: ["admin"],
  tenants: ["admin"],
  proofs: ["admin"],
  posture: ["admin"],
};

/** Throws `forbidden`, naming every role that would do, unless the caller's may change such a thing. */
export const assertMayChange = (caller: Caller, what: Readable | undefined): void =>
  assertRole(caller, ...((what && changers[what]) ?? ["submitter", "admin"]));

/** The tenant whose things the caller may see; undefined where it sees every tenant's. */
export const visibleTo = ({ role, tenant }: Caller): string | undefined =>
  role === "admin" ? undefined : tenant;

/** Who did something, as the audit log names it. */
export const actorOf = ({ keyId, role }: Caller): NonNullable<AuditActor> => ({ keyId, role });

/** Throws `forbidden` unless the caller has one of the roles. */
export const assertRole = ({ role }: Caller, ...allowed: readonly [Role, ...Role[]]): void => {
  if (allowed.includes(role)) return;
  const whose = allowed.join(" or ");
  throw new ServiceError("forbidden", `This needs a key with the role ${whose}; this key's role is ${role}`);
};
