import { describe, expect, test } from "vitest";
import { cohortSchema, newCohortSchema } from "../../../../src/domain/cohort.ts";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { type NewSessionInput, newSessionSchema } from "../../../../src/domain/session.ts";
import { anEngine } from "../../../support/engine.ts";
import { settled } from "../../../support/manual-clock.ts";

const setUp = (settings: Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine({ boundsOf: () => ({ sandboxes: 9, queued: 9 }), ...settings });
  const gone = new AbortController();
  const ready: number[] = [];
  const create = (size: number, session: NewSessionInput = {}) =>
    engine.cohorts.create(
      newCohortSchema.parse({ size, session, deadlineMs: 1000 }),
      { tenant: "t", id: "coh_1" },
      gone.signal,
      (index) => ready.push(index),
    );
  /** Creates wait; each call lets the n-th end, as it says. */
  const hold = () => {
    const held: PromiseWithResolvers<void>[] = [];
    engine.runtime.beforeCreate = () => {
      const one = Promise.withResolvers<void>();
      held.push(one);
      return one.promise;
    };
    return held;
  };
  const nothingLeft = async () => {
    await settled();
    expect(engine.sessions.count).toBe(0);
    expect(engine.admission.of("t").sandboxes).toBe(0);
    expect(engine.stores.sessions.live()).toEqual([]);
    expect(engine.cohorts.find("t", "coh_1")).toBeUndefined();
  };
  return { ...engine, create, gone, ready, hold, nothingLeft };
};

describe("a cohort", () => {
  test("is sessions of one spec, each with its number, found and closed as one", async () => {
    const { create, cohorts, sessions, runtime, ready, admission } = setUp();
    const cohort = await create(3, { seed: 5, metadata: { prompt: "p1" } });
    cohortSchema.strict().parse(cohort);
    expect(cohort.sessions).toHaveLength(3);
    for (const session of cohort.sessions) {
      expect(session).toMatchObject({
        cohortId: "coh_1",
        seed: 5,
        metadata: { prompt: "p1" },
        state: "idle",
      });
    }
    expect(new Set(runtime.made.map(({ sandboxId }) => sandboxId)).size).toBe(3);
    expect(ready.toSorted()).toEqual([0, 1, 2]);
    expect(cohorts.find("t", "coh_1")).toEqual(cohort);
    expect(sessions.list("t", { limit: 9, cohortId: "coh_1" }).items).toHaveLength(3);
    const closed = await cohorts.close("t", "coh_1");
    expect(closed.sessions.map(({ termination }) => termination?.reason)).toEqual([
      "closed",
      "closed",
      "closed",
    ]);
    expect(admission.of("t").sandboxes).toBe(0);
    expect(await cohorts.close("t", "coh_1")).toEqual(closed);
  });

  test("tells each session as it is ready, in that order", async () => {
    const { create, cohorts, hold, ready } = setUp();
    const held = hold();
    const made = create(3);
    await settled();
    for (const [turn, one] of [held[2], held[0], held[1]].entries()) {
      one?.resolve();
      await settled();
      expect(ready).toHaveLength(turn + 1);
      if (turn < 2) expect(cohorts.find("t", "coh_1")).toBeUndefined();
    }
    const { sessions } = await made;
    expect(sessions.map(({ state }) => state)).toEqual(["idle", "idle", "idle"]);
  });

  test("is its tenant's only", async () => {
    const { create, cohorts } = setUp();
    await create(1);
    expect(cohorts.find("other", "coh_1")).toBeUndefined();
    await expect(cohorts.close("other", "coh_1")).rejects.toMatchObject({ code: "not_found" });
    expect(cohorts.find(undefined, "coh_1")?.sessions).toHaveLength(1);
  });
});

describe("all or none: nothing is left", () => {
  test("when one session can't be had", async () => {
    const { create, runtime, ready, nothingLeft } = setUp();
    let made = 0;
    runtime.onCreate = (sandbox) => {
      made += 1;
      if (made === 3) sandbox.refusal = new ServiceError("sandbox_failed", "the third broke");
    };
    await expect(create(4)).rejects.toMatchObject({ code: "sandbox_failed", message: "the third broke" });
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
    expect(ready.length).toBeLessThan(4);
    await nothingLeft();
  });

  test("when the tenant's bound is below its size", async () => {
    const { create, nothingLeft } = setUp({ boundsOf: () => ({ sandboxes: 2, queued: 9 }) });
    await expect(create(3)).rejects.toMatchObject({ code: "capacity_exhausted" });
    await nothingLeft();
  });

  test("when not all are ready by the deadline, and what comes later is taken no notice of", async () => {
    const { create, clock, hold, runtime, nothingLeft, pools } = setUp();
    const held = hold();
    const refused = expect(create(2)).rejects.toMatchObject({
      code: "capacity_exhausted",
      message: "Not all of 2 sessions were ready after 1000 ms",
      retryAfterSeconds: 5,
    });
    await settled();
    held[0]?.resolve();
    await clock.advance(1000);
    await refused;
    held[1]?.resolve();
    await nothingLeft();
    await pools.close();
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test("when the caller goes away", async () => {
    const { create, gone, hold, runtime, ready, nothingLeft, clock, pools } = setUp();
    const held = hold();
    const refused = expect(create(2)).rejects.toThrow();
    await settled();
    held[0]?.resolve();
    await settled();
    expect(ready).toHaveLength(1);
    gone.abort();
    await refused;
    held[1]?.resolve();
    await nothingLeft();
    expect(runtime.made[0]?.destroyed).toBe(true);
    await pools.close();
    expect(clock.timers).toBe(0);
  });

  test("when the caller goes away as the last one is ready", async () => {
    const { create, gone, runtime, nothingLeft } = setUp();
    let made = 0;
    runtime.onCreate = () => {
      made += 1;
      if (made === 2) gone.abort();
    };
    await expect(create(2)).rejects.toThrow();
    await nothingLeft();
  });

  test("when the service went down before all were ready: what it had made is ended by the next process", async () => {
    const { create, sessions, cohorts } = setUp();
    const whole = await create(2);
    const spec = newSessionSchema.parse({});
    const owner = { tenant: "t", id: "ses_part", cohortId: "coh_never_stored" };
    await sessions.create(spec, owner, new AbortController().signal);
    await sessions.create(spec, { tenant: "t", id: "ses_alone" }, new AbortController().signal);
    await cohorts.closeIncomplete();
    expect(sessions.find("t", "ses_part")).toMatchObject({ state: "ended", termination: { reason: "lost" } });
    expect(sessions.find("t", "ses_alone")?.state).toBe("idle");
    expect(cohorts.find("t", whole.id)?.sessions.map(({ state }) => state)).toEqual(["idle", "idle"]);
  });

  test("when it can't be stored", async () => {
    const { create, stores, nothingLeft } = setUp();
    stores.cohorts.full = true;
    await expect(create(2)).rejects.toMatchObject({ code: "store_unavailable" });
    await nothingLeft();
  });
});
