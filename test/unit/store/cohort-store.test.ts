import { describe, expect, test } from "vitest";
import { toTermination } from "../../../src/domain/termination.ts";
import { aStore } from "./a-store.ts";
import { aSession, NOW } from "./records.ts";

const aCohort = (id: string, at = NOW) => ({
  id,
  tenant: "t",
  createdAt: new Date(at).toISOString(),
  sessionIds: ["ses_1", "ses_2"],
});

describe("a cohort", () => {
  test("is found as it was saved last, by its tenant and by whoever sees all", () => {
    const { cohorts } = aStore();
    cohorts.save({ ...aCohort("coh_1"), sessionIds: [] });
    cohorts.save(aCohort("coh_1"));
    expect(cohorts.find("t", "coh_1")).toEqual(aCohort("coh_1"));
    expect(cohorts.find(undefined, "coh_1")).toEqual(aCohort("coh_1"));
    expect(cohorts.find("other", "coh_1")).toBeUndefined();
    expect(cohorts.find("t", "coh_2")).toBeUndefined();
  });

  test("goes for its age, but not before the last of its sessions", () => {
    const { cohorts, sessions } = aStore();
    for (const id of ["coh_1", "coh_2"]) cohorts.save(aCohort(id, NOW - 1));
    cohorts.save(aCohort("coh_3"));
    const termination = toTermination("closed", "", NOW);
    const session = aSession("ses_1", { cohortId: "coh_1", state: "ended", termination });
    sessions.save({ session, containerId: null, env: {}, facts: null });
    expect(cohorts.prune(NOW)).toBe(1);
    expect(cohorts.find("t", "coh_2")).toBeUndefined();
    expect(cohorts.find("t", "coh_3")).toBeDefined();
    sessions.prune(NOW + 1);
    expect(cohorts.prune(NOW)).toBe(1);
    expect(cohorts.find("t", "coh_1")).toBeUndefined();
  });
});
