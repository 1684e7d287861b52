import { describe, expect, test } from "vitest";
import { shutDown } from "../../../support/engine.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession } from "./in-session.ts";

/** What a reader along is told. */
const follow = (live: Awaited<ReturnType<Awaited<ReturnType<typeof inSession>>["submit"]>>) => {
  const reader = { types: [] as string[], ended: false };
  void (async () => {
    for await (const { type } of live.feed.read(0, new AbortController().signal)) reader.types.push(type);
    reader.ended = true;
  })();
  return reader;
};

describe("a session that is handed over", () => {
  test("lives on: its sandbox is let go of, not removed, and the store has it as alive", async () => {
    const { id, sessions, sandbox, stores, clock, telemetry } = await inSession();
    sessions.release(shutDown);
    await clock.advance(86_400_000);
    expect([sandbox.released, sandbox.destroyed]).toEqual([true, false]);
    expect(stores.sessions.live()).toMatchObject([{ session: { id, termination: null } }]);
    expect([sessions.count, telemetry.sessionEnds]).toEqual([0, []]);
  });

  test("tells no end of what runs or waits: who waits hears of the hand-over, streams break off", async () => {
    const { sessions, submit, stores, runs, telemetry, charges } = await inSession();
    const [running, waiting] = [await submit(), await submit()];
    const readers = [follow(running), follow(waiting)];
    sessions.release(shutDown);
    await settled();
    for (const live of [running, waiting]) await expect(live.result).rejects.toBe(shutDown);
    expect(readers).toEqual([
      { types: ["started"], ended: true },
      { types: [], ended: true },
    ]);
    expect(stores.executions.unfinished().map(({ head }) => head.id)).toEqual(
      expect.arrayContaining([running.id, waiting.id]),
    );
    expect(runs.begun).toHaveLength(1);
    expect([telemetry.outcomes, telemetry.faults, charges]).toEqual([[], [], []]);
  });

  test("tells nothing of what its sandbox says afterwards", async () => {
    const { sessions, submit, runs, sandbox, record } = await inSession();
    sandbox.release = () => {
      sandbox.released = true;
    };
    const live = await submit();
    const reader = follow(live);
    sessions.release(shutDown);
    runs.last.say({ type: "stdout", data: Buffer.from("late") });
    await runs.last.end(aReport("late"));
    expect(reader.types).toEqual(["started"]);
    expect(record(live.id)).toMatchObject({ status: "running" });
    expect(sandbox.forgotten).toEqual([]);
  });

  test("can't be cancelled any more here, neither what runs nor what waits", async () => {
    const { sessions, submit, record } = await inSession();
    const [running, waiting] = [await submit(), await submit()];
    sessions.release(shutDown);
    running.cancel();
    waiting.cancel();
    await settled();
    expect(record(running.id)?.status).toBe("running");
    expect(record(waiting.id)?.status).toBe("queued");
  });

  test("gives its places in the queue back, so that the service can end", async () => {
    const { sessions, submit, admission } = await inSession();
    await submit();
    await submit();
    const drained = admission.drain();
    sessions.release(shutDown);
    await drained;
    expect([admission.running, admission.queued]).toEqual([0, 0]);
  });

  test("although it can't be stored: the others are handed over too", async () => {
    const { sessions, sandbox, aSession, stores, faults } = await inSession();
    const other = await aSession();
    stores.sessions.full = true;
    sessions.release(shutDown);
    expect([sandbox.released, other.sandbox.released]).toEqual([true, true]);
    expect(faults).toMatchObject([{ code: "store_unavailable" }, { code: "store_unavailable" }]);
  });
});
