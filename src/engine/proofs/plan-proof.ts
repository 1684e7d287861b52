/** Which attempts a proof runs, under what policy, and which have no meaning there. */

import { ServiceError } from "../../domain/errors.ts";
import type { Policy } from "../../domain/policy.ts";
import type { NewProof, Proof } from "../../domain/proof.ts";
import { hashOf } from "../../integrity/hash.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { type Attempt, isProgram } from "./attempt.ts";

/** The policy with what the proof asks for instead; its digest is another one then, so that no pool mixes the two. */
export const policyUnderProof = (policy: Policy, { runtime, tier }: NewProof): Policy => {
  const isolation = {
    ...policy.isolation,
    ...(runtime === undefined ? {} : { runtime }),
    ...(tier === undefined ? {} : { tier }),
  };
  if (isolation.runtime === policy.isolation.runtime && isolation.tier === policy.isolation.tier)
    return policy;
  return { ...policy, isolation, digest: hashOf({ policy: policy.digest, isolation }) };
};

/** Throws `invalid_request` where the request names a runtime under which nothing runs here; else as the catalog does. */
export const assertRuns = (
  catalog: Pick<Catalog, "assertRuns">,
  policy: Policy,
  { runtime }: NewProof,
): void => {
  try {
    catalog.assertRuns(policy);
  } catch (error) {
    if (runtime === undefined || !(error instanceof ServiceError)) throw error;
    const issues = [{ field: "runtime", message: `nothing runs under ${runtime} on this host` }];
    throw new ServiceError("invalid_request", error.message, { issues });
  }
};

/** Throws `not_found` for an image that an attempt names and that isn't built: the proof would break off there. */
export const assertBuilt = async (
  catalog: Pick<Catalog, "image">,
  policy: Policy,
  attempts: readonly Attempt[],
): Promise<void> => {
  const named = attempts.flatMap((attempt) => (isProgram(attempt) ? (attempt.head.image ?? []) : []));
  for (const image of new Set(named)) await catalog.image(image, policy);
};

/** Throws `invalid_request` that names the ids that there are not. */
export const chosenOf = (battery: readonly Attempt[], ids: NewProof["attempts"]): Attempt[] => {
  if (ids === undefined) return [...battery];
  const unknown = ids.filter((id) => !battery.some(({ head }) => head.id === id));
  if (unknown.length > 0) {
    const message = `There is no attempt ${unknown.join(", ")}; there are: ${battery.map(({ head }) => head.id).join(", ")}`;
    throw new ServiceError("invalid_request", message, { issues: [{ field: "attempts", message }] });
  }
  return battery.filter(({ head }) => ids.includes(head.id));
};

interface Circumstances {
  policy: Policy;
  /** Whether requests need a key; without, there are no two tenants. */
  auth: boolean;
}

/** Splits off what can't be tried here, each with its reason. */
export const splitSkipped = (
  attempts: readonly Attempt[],
  { policy, auth }: Circumstances,
): { attempts: Attempt[]; skipped: Proof["skipped"] } => {
  const reasonOf = (attempt: Attempt): string | undefined => {
    if (!isProgram(attempt))
      return attempt.head.needsKeys && !auth
        ? "the service asks for no keys, so it has one tenant"
        : undefined;
    const { notFor, image } = attempt.head;
    const { tier, runtime } = policy.isolation;
    const found = [tier, runtime, policy.syscalls.tier, policy.name].find((name) =>
      Object.hasOwn(notFor, name),
    );
    if (found !== undefined) return notFor[found];
    if (image !== undefined && !policy.images.includes(image))
      return `policy ${policy.name} does not allow image ${image}`;
    return undefined;
  };
  const skipped = attempts.flatMap((attempt) => {
    const reason = reasonOf(attempt);
    return reason === undefined ? [] : [{ id: attempt.head.id, name: attempt.head.name, reason }];
  });
  return { attempts: attempts.filter(({ head }) => !skipped.some(({ id }) => id === head.id)), skipped };
};
