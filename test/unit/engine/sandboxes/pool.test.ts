import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { Slots } from "../../../../src/engine/admission/slots.ts";
import { Pool } from "../../../../src/engine/sandboxes/pool.ts";
import { anImage, aPolicy } from "../../../support/builders.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";
import { RecordedTelemetry } from "../../../support/recorded-telemetry.ts";

const never = new AbortController().signal;

const setUp = async ({ target = 2, creates = 2 } = {}) => {
  const runtime = new FakeRuntime();
  const clock = new ManualClock();
  const telemetry = new RecordedTelemetry();
  const faults: unknown[] = [];
  const pool = new Pool(
    {
      image: anImage(),
      policy: aPolicy(),
      tenant: "t",
      target,
      maxFailures: 3,
      backoffMs: 100,
      stoppedMs: 10_000,
      pingTimeoutMs: 10,
      refillDelayMs: 50,
    },
    { runtime, clock, telemetry, creates: new Slots(creates), onFault: (error) => faults.push(error) },
  );
  return { runtime, clock, telemetry, faults, pool };
};

const filled = async (options: Parameters<typeof setUp>[0] = {}) => {
  const all = await setUp(options);
  all.pool.fill();
  await settled();
  return all;
};

const failing = (runtime: FakeRuntime) => {
  runtime.beforeCreate = () => {
    throw new ServiceError("runtime_unavailable", "no engine");
  };
};

describe("Pool", () => {
  test("filling: creates the target and no more, then is steady", async () => {
    const { pool, runtime } = await setUp();
    pool.fill();
    expect(pool.state).toBe("filling");
    await settled();
    expect(pool.status()).toMatchObject({ state: "steady", warm: 2, creating: 0 });
    pool.fill();
    expect(runtime.creates).toBe(2);
  });

  test("creates at the same time no more than its slots allow", async () => {
    const { runtime } = await filled({ target: 9, creates: 2 });
    expect(runtime.made).toHaveLength(9);
    expect(runtime.mostInFlight).toBe(2);
  });

  test("steady: a taken sandbox is replaced and never handed out again", async () => {
    const { pool, telemetry } = await filled();
    const taken = new Set();
    for (let turn = 0; turn < 20; turn += 1) {
      taken.add(await pool.acquire(never));
      await settled();
    }
    expect(taken.size).toBe(20);
    expect(telemetry.hits).toBe(20);
  });

  test("steady: a hit's replacement is begun a little later, or at once when nothing warm is left", async () => {
    const { pool, runtime, clock } = await filled();
    await pool.acquire(never);
    await clock.advance(49);
    expect(runtime.creates).toBe(2);
    await clock.advance(1);
    expect(runtime.creates).toBe(3);
    await Promise.all([pool.acquire(never), pool.acquire(never)]);
    expect(runtime.creates).toBe(5);
  });

  test("serves once a first sandbox was made, or when it need not keep any", async () => {
    const { pool } = await setUp();
    expect(() => pool.assertServes()).toThrow("the first sandbox is being made");
    pool.fill();
    await settled();
    pool.assertServes();
    (await setUp({ target: 0 })).pool.assertServes();
  });

  test("an empty pool gives its waiters the next sandboxes, first come, first served", async () => {
    const { pool, runtime, telemetry } = await setUp({ target: 0 });
    const order: number[] = [];
    const all = [0, 1, 2].map((n) => pool.acquire(never).then(() => order.push(n)));
    await Promise.all(all);
    expect(order).toEqual([0, 1, 2]);
    expect(runtime.creates).toBe(3);
    expect(telemetry.misses).toBe(3);
  });

  test("a warm sandbox that doesn't answer its ping is destroyed, not handed out", async () => {
    const { pool, runtime, faults } = await filled();
    const [broken] = runtime.made;
    if (broken) broken.answersPing = false;
    expect(await pool.acquire(never)).toBe(runtime.made[1]);
    expect(broken?.destroyed).toBe(true);
    expect(faults).toHaveLength(1);
  });

  test("a warm sandbox that ends by itself is removed and replaced", async () => {
    const { pool, runtime } = await filled();
    runtime.made[0]?.die();
    await settled();
    expect(runtime.made[0]?.destroyed).toBe(true);
    expect(pool.status()).toMatchObject({ warm: 2, state: "steady" });
    expect(runtime.creates).toBe(3);
  });

  test("backing_off: a failed create waits, and twice as long after the next", async () => {
    const { pool, runtime, clock } = await setUp({ target: 1 });
    failing(runtime);
    pool.fill();
    await settled();
    expect(pool.status()).toMatchObject({ state: "backing_off", reason: "no engine" });
    await clock.advance(99);
    expect(runtime.creates).toBe(1);
    await clock.advance(1);
    expect(runtime.creates).toBe(2);
    await clock.advance(199);
    expect(runtime.creates).toBe(2);
  });

  test("stopped: after repeated failures nothing is created until the pause is over", async () => {
    const { pool, runtime, clock } = await setUp({ target: 1 });
    failing(runtime);
    pool.fill();
    await settled();
    await clock.advance(100);
    await clock.advance(200);
    expect(pool.status()).toMatchObject({ state: "stopped", reason: "no engine" });
    await clock.advance(9_999);
    expect(runtime.creates).toBe(3);
    runtime.beforeCreate = () => {};
    await clock.advance(1);
    expect(pool.status()).toMatchObject({ state: "steady", warm: 1 });
    expect(pool.status()).not.toHaveProperty("reason");
  });

  test("stopped: who asks is told the reason at once, and the next success goes to who asked", async () => {
    const { pool, runtime, clock } = await setUp({ target: 1 });
    failing(runtime);
    pool.fill();
    for (const pause of [0, 100, 200]) await clock.advance(pause);
    await expect(Promise.all([pool.acquire(never), pool.acquire(never)])).rejects.toThrow("no engine");
    expect(pool.status().waiting).toBe(0);
    runtime.beforeCreate = () => {};
    const container = await pool.acquire(never);
    expect(container).toBe(runtime.made[0]);
  });

  test("backing_off: who waits keeps waiting and gets the next sandbox", async () => {
    const { pool, runtime, clock } = await setUp({ target: 0 });
    failing(runtime);
    const waiting = pool.acquire(never);
    await settled();
    expect(pool.status()).toMatchObject({ state: "backing_off", waiting: 1 });
    runtime.beforeCreate = () => {};
    await clock.advance(100);
    expect(await waiting).toBe(runtime.made[0]);
  });

  test("a waiter that gives up leaves the queue", async () => {
    const { pool, runtime } = await setUp({ target: 0 });
    const gate = Promise.withResolvers<void>();
    runtime.beforeCreate = () => gate.promise;
    const abort = new AbortController();
    const waiting = pool.acquire(abort.signal);
    abort.abort(new Error("gone"));
    await expect(waiting).rejects.toThrow("gone");
    expect(pool.status().waiting).toBe(0);
    gate.resolve();
    await settled();
    await pool.close();
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
  });

  test("waiters that give up leave no more behind than the target", async () => {
    const { pool, runtime } = await filled({ target: 1, creates: 2 });
    const held = Promise.withResolvers<void>();
    runtime.beforeCreate = () => held.promise;
    const abort = new AbortController();
    const waiting = Array.from({ length: 20 }, () => pool.acquire(abort.signal));
    const ended = Promise.allSettled(waiting);
    await settled();
    abort.abort(new Error("gone"));
    held.resolve();
    await ended;
    await settled();
    // One that was warm, and the two that were being created when they left.
    expect(runtime.creates).toBeLessThanOrEqual(4);
    expect(pool.status()).toMatchObject({ warm: 1, creating: 0, waiting: 0 });
    expect(runtime.made.filter(({ destroyed }) => !destroyed)).toHaveLength(2);
  });

  test("closed: warm sandboxes and those still being created are destroyed, leased ones are not", async () => {
    const { pool, runtime, clock } = await filled();
    const gate = Promise.withResolvers<void>();
    runtime.beforeCreate = () => gate.promise;
    const leased = await pool.acquire(never);
    await clock.advance(50);
    const closing = pool.close();
    gate.resolve();
    await closing;
    expect(pool.state).toBe("closed");
    expect(runtime.made).toHaveLength(3);
    expect(runtime.made.filter(({ destroyed }) => !destroyed)).toEqual([leased]);
  });

  test("closed: waiters and newcomers are refused", async () => {
    const { pool, runtime } = await setUp({ target: 0 });
    const gate = Promise.withResolvers<void>();
    runtime.beforeCreate = () => gate.promise;
    const waiting = pool.acquire(never);
    await settled();
    const closing = pool.close();
    await expect(waiting).rejects.toThrow("shutting down");
    gate.resolve();
    await closing;
    await expect(pool.acquire(never)).rejects.toThrow("shutting down");
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
