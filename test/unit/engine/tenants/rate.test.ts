import fc from "fast-check";
import { expect, test } from "vitest";
import { Rate } from "../../../../src/engine/tenants/rate.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const setUp = (quotas: Record<string, number> = {}) => {
  const clock = new ManualClock();
  return { clock, quotas, rate: new Rate(clock, (tenant) => quotas[tenant] ?? 600) };
};

test("a burst of the whole quota is let through, and then one as each comes back", async () => {
  const { rate, clock } = setUp({ a: 60 });
  for (let n = 1; n <= 60; n += 1) {
    expect(rate.take("a")).toEqual({
      ok: true,
      state: { quota: 60, remaining: 60 - n, resetSeconds: n, waitSeconds: n === 60 ? 1 : 0 },
    });
  }
  expect(rate.take("a")).toMatchObject({ ok: false, state: { remaining: 0, waitSeconds: 1 } });
  await clock.advance(999);
  expect(rate.take("a").ok).toBe(false);
  await clock.advance(1);
  expect(rate.take("a").ok).toBe(true);
  expect(rate.take("a").ok).toBe(false);
});

test("a refused request costs nothing", () => {
  const { rate } = setUp({ a: 1 });
  rate.take("a");
  for (let n = 0; n < 5; n += 1) expect(rate.take("a").state.waitSeconds).toBe(60);
});

test("looking takes none", () => {
  const { rate } = setUp({ a: 2 });
  expect(rate.look("a")).toEqual({ quota: 2, remaining: 2, resetSeconds: 0, waitSeconds: 0 });
  rate.take("a");
  expect(rate.look("a").remaining).toBe(1);
  expect(rate.look("a").remaining).toBe(1);
});

test("one tenant's requests don't cost another's", () => {
  const { rate } = setUp({ a: 1, b: 1 });
  expect(rate.take("a").ok).toBe(true);
  expect(rate.take("a").ok).toBe(false);
  expect(rate.take("b").ok).toBe(true);
});

test("another quota holds at once", () => {
  const { rate, quotas } = setUp({ a: 100 });
  for (let n = 0; n < 50; n += 1) rate.take("a");
  quotas["a"] = 10;
  expect(rate.take("a")).toMatchObject({ ok: false, state: { quota: 10, remaining: 0 } });
  quotas["a"] = 1000;
  expect(rate.take("a").ok).toBe(true);
});

test("tenants whose quota is whole again are forgotten", async () => {
  const { rate, clock } = setUp();
  for (let n = 0; n < 999; n += 1) rate.take(`t${n}`);
  await clock.advance(60_000);
  rate.take("late");
  expect(rate.size).toBe(1);
});

test("in no window more than the quota and a window's refill is let through", async () => {
  const step = fc.record({
    waitMs: fc.integer({ min: 0, max: 5000 }),
    takes: fc.integer({ min: 1, max: 20 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 50 }), fc.array(step), async (quota, steps) => {
      const { rate, clock } = setUp({ a: quota });
      const passed: number[] = [];
      for (const { waitMs, takes } of steps) {
        await clock.advance(waitMs);
        for (let n = 0; n < takes; n += 1) {
          const { ok, state } = rate.take("a");
          expect(state.remaining).toBeGreaterThanOrEqual(0);
          expect(ok || state.waitSeconds > 0).toBe(true);
          if (ok) passed.push(clock.monotonic());
        }
      }
      for (const start of passed) {
        const inWindow = passed.filter((at) => at >= start && at < start + 60_000);
        expect(inWindow.length).toBeLessThanOrEqual(2 * quota);
      }
    }),
    { numRuns: 50 },
  );
});
