/** What a role lets a caller do. */
import { ServiceError } from "../../domain/errors.ts";
import type { Caller, Role } from "../../domain/tenant.ts";

/** The tenant whose things the caller may see; undefined where it sees every tenant's. */
export const visibleTo = ({ role, tenant }: Caller): string | undefined =>
  role === "submitter" ? tenant : undefined;

/** Throws `forbidden` unless the caller has one of the roles. */
export const assertRole = ({ role }: Caller, ...allowed: [Role, ...Role[]]): void => {
  if (allowed.includes(role)) return;
  const whose = allowed.join(" or ");
  throw new ServiceError("forbidden", `This needs a key with the role ${whose}; this key's role is ${role}`);
};
