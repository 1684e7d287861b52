/** Tenants of the service's own programs, by names that nobody else gets. */
import { ServiceError } from "../../domain/errors.ts";

const PREFIX = "cloche-";

/** The self-test's sandboxes are nobody's who asks for one. */
export const SELF_TEST_TENANT = `${PREFIX}self-test`;
/** Who the sandboxes of proofs count for. */
export const PROOF_TENANT = `${PREFIX}proofs`;
/** The two that attempts on the service act as: whose things are to be had, and who tries to have them. */
export const ATTACKED_TENANT = `${PROOF_TENANT}-alice`;
export const ATTACKING_TENANT = `${PROOF_TENANT}-mallory`;

export const isReserved = (tenant: string): boolean => tenant.startsWith(PREFIX);

/** Throws `invalid_request` that names the field: a key of such a tenant would be let into what only proofs own. */
export const assertNotReserved = (tenant: string, field: string): void => {
  if (!isReserved(tenant)) return;
  const message = `must not begin with ${PREFIX}: those tenants are the service's own`;
  throw new ServiceError("invalid_request", `The request is wrong in: ${field}`, {
    issues: [{ field, message }],
  });
};
