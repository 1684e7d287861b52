/** Which index has the sessions that are asked for, in order. */
import type { SessionQuery } from "../engine/ports/stores.ts";
import type { Listing } from "./pages.ts";

export const sessionSource = { table: "sessions", columns: "id, created_at, body" };

export const toSessionListing = (
  visibleTo: string | undefined,
  { state, cohortId }: SessionQuery,
): Listing => {
  const where = {
    ...(visibleTo !== undefined && { tenant: visibleTo }),
    ...(cohortId !== undefined && { cohort_id: cohortId }),
    ...(state !== undefined && { state }),
  };
  const tenant = visibleTo === undefined ? "" : "_tenant";
  // A cohort has one tenant and few sessions.
  if (cohortId !== undefined) return { where, index: "sessions_by_cohort" };
  if (state !== undefined) return { where, index: `sessions_by${tenant}_state` };
  return { where, index: visibleTo === undefined ? "sessions_by_age" : "sessions_by_tenant" };
};
