import { expect, test } from "vitest";
import { Usage } from "../../../../src/engine/tenants/usage.ts";
import { ManualClock } from "../../../support/manual-clock.ts";
import { MemoryTenantStore } from "../../../support/memory-stores.ts";
import { someTenantLimits } from "../../../support/tenant-limits.ts";

const DAY_MS = 86_400_000;

const setUp = (bounds = {}) => {
  const store = new MemoryTenantStore();
  const clock = new ManualClock();
  const limits = someTenantLimits(bounds);
  const exhausted: string[] = [];
  const faults: unknown[] = [];
  const usage = new Usage({
    store,
    clock,
    limitsOf: () => limits,
    onExhausted: (tenant) => void exhausted.push(tenant),
    onFault: (error) => void faults.push(error),
  });
  const today = () => new Date(clock.now()).toISOString().slice(0, 10);
  return { store, clock, limits, usage, exhausted, faults, today };
};

test("charges are seen at once and written together within a second", async () => {
  const { usage, store, clock, today } = setUp();
  for (let n = 0; n < 100; n += 1) usage.charge("a", { cpuMs: 0.5, bytes: 3 });
  usage.charge("b", { cpuMs: 1, bytes: 1 });
  expect(usage.of("a")).toEqual({ cpuMs: 50, bytes: 300 });
  expect(store.writes).toBe(0);
  await clock.advance(1000);
  expect(store.writes).toBe(2);
  expect(store.usage("a", today())).toEqual({ cpuMs: 50, bytes: 300 });
  expect(usage.of("a")).toEqual({ cpuMs: 50, bytes: 300 });
  await clock.advance(1000);
  expect(store.writes).toBe(2);
});

test("closing writes what is left", () => {
  const { usage, store, today } = setUp();
  usage.charge("a", { cpuMs: 7, bytes: 8 });
  usage.close();
  expect(store.usage("a", today())).toEqual({ cpuMs: 7, bytes: 8 });
});

test("what was used before this process counts", () => {
  const { usage, store, today } = setUp({ bytesPerDay: 10 });
  store.addUsage("a", today(), { cpuMs: 0, bytes: 10 });
  expect(() => usage.assertWithin("a")).toThrow("used up its 10 bytes");
  usage.assertWithin("b");
});

test("at a bound the tenant is refused until midnight UTC, and told of once", async () => {
  const { usage, clock, exhausted } = setUp({ cpuSecondsPerDay: 2 });
  usage.charge("a", { cpuMs: 1999, bytes: 0 });
  usage.assertWithin("a");
  expect(exhausted).toEqual([]);
  usage.charge("a", { cpuMs: 1, bytes: 0 });
  usage.charge("a", { cpuMs: 500, bytes: 0 });
  expect(exhausted).toEqual(["a"]);
  const left = DAY_MS - (clock.now() % DAY_MS);
  expect(() => usage.assertWithin("a")).toThrow(
    expect.objectContaining({
      code: "quota_exhausted",
      message: "The tenant used up its 2 s of CPU time of today (UTC)",
      retryAfterSeconds: left / 1000,
    }),
  );
  await clock.advance(left - 1);
  expect(() => usage.assertWithin("a")).toThrow(expect.objectContaining({ retryAfterSeconds: 1 }));
  await clock.advance(1);
  usage.assertWithin("a");
  expect(usage.of("a")).toEqual({ cpuMs: 0, bytes: 0 });
});

test("what was used before midnight is charged to its day", async () => {
  const { usage, store, clock, today } = setUp();
  await clock.advance(DAY_MS - (clock.now() % DAY_MS) - 10);
  const yesterday = today();
  usage.charge("a", { cpuMs: 5, bytes: 5 });
  await clock.advance(10);
  usage.charge("a", { cpuMs: 7, bytes: 7 });
  usage.close();
  expect(store.usage("a", yesterday)).toEqual({ cpuMs: 5, bytes: 5 });
  expect(store.usage("a", today())).toEqual({ cpuMs: 7, bytes: 7 });
});

test("a bound of 0 lets nothing through", () => {
  const { usage } = setUp({ cpuSecondsPerDay: 0 });
  expect(() => usage.assertWithin("a")).toThrow("used up");
});

test("other bounds hold at once", () => {
  const { usage, limits, exhausted } = setUp();
  usage.charge("a", { cpuMs: 0, bytes: 100 });
  limits.bytesPerDay = 50;
  usage.recheck("a");
  expect(exhausted).toEqual(["a"]);
  expect(() => usage.assertWithin("a")).toThrow("used up");
  limits.bytesPerDay = 200;
  usage.recheck("a");
  usage.assertWithin("a");
  usage.charge("a", { cpuMs: 0, bytes: 100 });
  expect(exhausted).toEqual(["a", "a"]);
});

test("a charge that can't be written is told of, kept, and written later", async () => {
  const { usage, store, clock, faults, today } = setUp();
  store.full = true;
  usage.charge("a", { cpuMs: 1, bytes: 1 });
  await clock.advance(1000);
  expect(faults).toHaveLength(1);
  expect(usage.of("a")).toEqual({ cpuMs: 1, bytes: 1 });
  store.full = false;
  await clock.advance(1000);
  expect(store.usage("a", today())).toEqual({ cpuMs: 1, bytes: 1 });
});

test("no counter of a sandbox spoils the sum", () => {
  const { usage } = setUp();
  usage.charge("a", { cpuMs: 1, bytes: 1 });
  usage.charge("a", { cpuMs: Number.NaN, bytes: -5 });
  usage.charge("a", { cpuMs: Number.POSITIVE_INFINITY, bytes: Number.NaN });
  expect(usage.of("a")).toEqual({ cpuMs: 1, bytes: 1 });
});

test("idle tenants are forgotten, and their usage is not", async () => {
  const { usage, clock } = setUp();
  for (let n = 0; n < 50; n += 1) usage.charge(`t${n}`, { cpuMs: 1, bytes: 1 });
  await clock.advance(60_000);
  expect(usage.size).toBe(0);
  expect(usage.of("t1")).toEqual({ cpuMs: 1, bytes: 1 });
  usage.charge("t1", { cpuMs: 1, bytes: 1 });
  expect(usage.of("t1")).toEqual({ cpuMs: 2, bytes: 2 });
});
