import { describe, expect, test } from "vitest";
import { sessionSchema } from "../../../../src/domain/session.ts";
import { terminationReasons } from "../../../../src/domain/termination.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession, resultOf } from "./in-session.ts";

const MINUTE = 60_000;
const times = { ttlMs: 10 * MINUTE, idleMs: MINUTE };

describe("a session ends", () => {
  test("when its time to live is over, also while code runs", async () => {
    const { id, submit, sessions, clock, sandbox, telemetry } = await inSession({ spec: times });
    const live = await submit();
    for (let minute = 0; minute < 10; minute += 1) await clock.advance(MINUTE);
    expect(await resultOf(live)).toMatchObject({ observation: { outcome: "cancelled" } });
    const ended = sessions.find("t", id);
    expect(ended).toMatchObject({ state: "ended", termination: { reason: "ttl", infra: false } });
    expect(ended?.termination?.detail).toContain(ended?.expiresAt);
    expect([sandbox.destroyed, telemetry.sessionEnds]).toEqual([true, ["ttl"]]);
  });

  test("when nobody used it for its idle time", async () => {
    const { id, sessions, clock, sandbox } = await inSession({ spec: times });
    await clock.advance(MINUTE - 1);
    expect(sessions.find("t", id)?.state).toBe("idle");
    await clock.advance(1);
    expect(sessions.find("t", id)).toMatchObject({ state: "ended", termination: { reason: "idle" } });
    expect(sandbox.destroyed).toBe(true);
  });

  test("once: who ends it again waits for that end, and the first reason stays", async () => {
    const { id, session, sessions, sandbox, telemetry } = await inSession();
    const slow = Promise.withResolvers<void>();
    let removals = 0;
    sandbox.beforeDestroy = () => {
      removals += 1;
      return slow.promise;
    };
    const ends = [session.end("closed"), session.end("quota")];
    await settled();
    slow.resolve();
    await Promise.all(ends);
    expect(sessions.find("t", id)?.termination).toMatchObject({
      reason: "closed",
      detail: terminationReasons.closed,
    });
    expect([removals, telemetry.sessionEnds]).toEqual([1, ["closed"]]);
  });

  test("with what runs and waits as cancelled", async () => {
    const { session, submit } = await inSession();
    const lives = [await submit(), await submit()];
    await session.end("closed");
    for (const live of lives) {
      expect(await resultOf(live)).toMatchObject({ observation: { outcome: "cancelled" } });
    }
  });

  test("drained cuts its code off: a fault of ours, but for what its caller had cancelled", async () => {
    const { session, submit, runs, record } = await inSession();
    const [cancelled, cut, waiting] = [await submit(), await submit(), await submit()];
    cancelled.cancel();
    const ended = session.end("drained");
    await ended;
    expect(await resultOf(cancelled)).toMatchObject({ observation: { outcome: "cancelled" } });
    for (const live of [cut, waiting]) {
      await expect(live.result).rejects.toMatchObject({ code: "capacity_exhausted" });
      expect(record(live.id)).toMatchObject({ status: "failed", error: { infra: true } });
    }
    expect(runs.begun).toHaveLength(1);
  });

  test("drained while code runs: it is cut off by us, and nobody scores it", async () => {
    const { session, submit } = await inSession();
    const live = await submit();
    await session.end("drained");
    await expect(live.result).rejects.toMatchObject({ code: "capacity_exhausted" });
  });

  test("drained just when code had ended: what came of it counts", async () => {
    const { session, submit, runs } = await inSession();
    const live = await submit();
    void runs.last.end();
    await session.end("drained");
    expect(await resultOf(live)).toMatchObject({ observation: { outcome: "ok" } });
  });

  test("and then takes nothing more, and says why", async () => {
    const { session, submit } = await inSession();
    const ended = session.end("idle");
    const refusal = expect.objectContaining({
      code: "session_ended",
      message: expect.stringContaining("idle"),
    });
    await expect(submit()).rejects.toEqual(refusal);
    expect(() => session.interrupt()).toThrow(refusal);
    expect(() => session.cancel()).toThrow(refusal);
    expect(() => session.files()).toThrow(refusal);
    expect(() => session.change({})).toThrow(refusal);
    await ended;
  });

  test("also where that can't be stored: all is given back, it is seen as ended, and stored once it can be", async () => {
    const { id, session, sessions, stores, late, admission, sandbox } = await inSession();
    stores.sessions.full = true;
    await session.end("closed");
    expect(sessions.find("t", id)).toMatchObject({ state: "ended", termination: { reason: "closed" } });
    expect(stores.sessions.find("t", id)?.state).toBe("idle");
    expect(admission.of("t").sandboxes).toBe(0);
    expect(sandbox.destroyed).toBe(true);
    const refused = expect.objectContaining({ code: "session_ended" });
    expect(() => sessions.live("t", id).files()).toThrow(refused);
    stores.sessions.full = false;
    late.retry();
    expect(stores.sessions.find("t", id)).toMatchObject({
      state: "ended",
      termination: { reason: "closed" },
    });
    expect(() => sessions.live("t", id)).toThrow(refused);
  });

  test("although its sandbox can't be removed: that is the reaper's", async () => {
    const { id, session, sessions, sandbox, faults } = await inSession();
    sandbox.beforeDestroy = () => Promise.reject(new Error("engine away"));
    await session.end("closed");
    expect(sessions.find("t", id)?.state).toBe("ended");
    expect(faults).toEqual([new Error("engine away")]);
  });

  test.each([
    ["memory", false],
    ["killed", true],
    ["engine_lost", true],
    ["launcher_failed", true],
  ] as const)("when its sandbox does, with %s and what was seen", async (cause, infra) => {
    const { id, sessions, sandbox, admission, telemetry } = await inSession();
    sandbox.death = { cause, detail: "exit code 137" };
    sandbox.die();
    await settled();
    expect(sessions.find("t", id)?.termination).toMatchObject({
      reason: cause,
      infra,
      detail: "exit code 137",
    });
    expect(admission.of("t").sandboxes).toBe(0);
    expect(telemetry.sessionEnds).toEqual([cause]);
    expect(sessions.endings(cause)).toBe(1);
  });

  test("with its sandbox while code runs: nobody's score, and what waits never ran", async () => {
    const { id, sessions, submit, sandbox, runs } = await inSession();
    sandbox.death = { cause: "killed", detail: "the container was removed" };
    const [running, waiting] = [await submit(), await submit()];
    sandbox.die();
    await settled();
    await expect(running.result).rejects.toMatchObject({ code: "sandbox_failed" });
    await expect(waiting.result).rejects.toMatchObject({ code: "sandbox_failed" });
    expect(runs.ids).toEqual([running.id]);
    expect(sessions.find("t", id)?.termination).toMatchObject({ reason: "killed" });
  });
});

describe("idle time", () => {
  test("doesn't pass while code runs or waits", async () => {
    const { id, sessions, submit, runs, clock } = await inSession({ spec: { ...times, ttlMs: 60 * MINUTE } });
    await submit();
    for (let minute = 0; minute < 5; minute += 1) await clock.advance(MINUTE);
    expect(sessions.find("t", id)?.state).toBe("busy");
    await runs.last.end();
    await clock.advance(MINUTE - 1);
    expect(sessions.find("t", id)?.state).toBe("idle");
    await clock.advance(1);
    expect(sessions.find("t", id)?.termination?.reason).toBe("idle");
  });

  test("begins anew with each use of its files, also with each piece of a long one", async () => {
    const spec = { idleMs: MINUTE, ttlMs: 60 * MINUTE };
    const { id, session, sessions, sandbox, clock } = await inSession({ spec });
    sandbox.files.chunkBytes = 1;
    sandbox.files.put("a", "abc");
    await clock.advance(MINUTE - 1);
    const { content } = await session.files().read("a");
    for await (const _ of content) await clock.advance(MINUTE - 1);
    expect(sessions.find("t", id)?.state).toBe("idle");
    const files = session.files();
    const uses = [
      () => files.stat("a"),
      () => files.list("", { recursive: false, max: 9 }),
      () => files.makeFolder("b"),
      () => files.write("c", slowly(clock), 0o644),
      () => files.remove("b", { recursive: false }),
    ];
    for (const use of uses) {
      await use();
      await clock.advance(MINUTE - 1);
      expect(sessions.find("t", id)?.state).toBe("idle");
    }
    await clock.advance(1);
    expect(sessions.find("t", id)?.state).toBe("ended");
  });
});

async function* slowly(clock: { advance(ms: number): Promise<void> }) {
  for (const letter of "abc") {
    await clock.advance(MINUTE - 1);
    yield Buffer.from(letter);
  }
}

describe("a change", () => {
  test("counts the time to live from now, and is stored", async () => {
    const { id, session, sessions, stores, clock } = await inSession({
      spec: { ttlMs: 2 * MINUTE, idleMs: 9 * MINUTE },
    });
    await clock.advance(MINUTE);
    session.change({ ttlMs: 2 * MINUTE, metadata: { step: "2" } });
    const expiresAt = new Date(clock.now() + 2 * MINUTE).toISOString();
    expect(stores.sessions.find("t", id)).toMatchObject({ expiresAt, metadata: { step: "2" } });
    await clock.advance(2 * MINUTE - 1);
    expect(sessions.find("t", id)?.state).toBe("idle");
    await clock.advance(1);
    expect(sessions.find("t", id)?.termination?.reason).toBe("ttl");
  });

  test("of the idle time holds at once", async () => {
    const { id, session, sessions, clock } = await inSession({ spec: times });
    session.change({ idleMs: 5 * MINUTE });
    await clock.advance(5 * MINUTE - 1);
    expect(sessions.find("t", id)?.state).toBe("idle");
    await clock.advance(1);
    expect(sessions.find("t", id)?.termination?.reason).toBe("idle");
  });

  test("that can't be stored changes nothing", async () => {
    const { id, session, sessions, stores, clock } = await inSession({ spec: times });
    const before = session.view();
    stores.sessions.full = true;
    expect(() => session.change({ ttlMs: 60 * MINUTE, idleMs: 60 * MINUTE, metadata: { a: "b" } })).toThrow();
    stores.sessions.full = false;
    expect(session.view()).toEqual(before);
    await clock.advance(MINUTE);
    expect(sessions.find("t", id)?.termination?.reason).toBe("idle");
  });
});

test("a session that is being attached to again says so", async () => {
  const { session, sandbox } = await inSession();
  sandbox.attached = false;
  expect(session.view().state).toBe("reattaching");
});

test("what is told of a session is what its schema says, alive and after its end", async () => {
  const { session } = await inSession({ spec: { metadata: { a: "b" }, seed: 3 } });
  sessionSchema.strict().parse(session.view());
  await session.end("closed");
  expect(sessionSchema.strict().parse(session.view())).toMatchObject({ seed: 3, metadata: { a: "b" } });
});

test("an ended session leaves no timer behind", async () => {
  const { session, clock, pools } = await inSession();
  await session.end("closed");
  await pools.close();
  expect(clock.timers).toBe(0);
});
