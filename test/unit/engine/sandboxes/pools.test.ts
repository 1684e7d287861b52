import { describe, expect, test } from "vitest";
import { Slots } from "../../../../src/engine/admission/slots.ts";
import { Pools } from "../../../../src/engine/sandboxes/pools.ts";
import { anImage, aPolicy, poolSettings } from "../../../support/builders.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";
import { RecordedTelemetry } from "../../../support/recorded-telemetry.ts";

const never = new AbortController().signal;
const policy = aPolicy();
const image = (n: number) => anImage({ name: `image-${n}`, digest: `sha256:${n}` });

const setUp = (maxWarm = 4, keepsNone?: (tenant: string) => boolean) => {
  const runtime = new FakeRuntime();
  const clock = new ManualClock();
  const pools = new Pools(
    { ...poolSettings({ target: 2, maxWarm }), ...(keepsNone ? { keepsNone } : {}) },
    {
      runtime,
      clock,
      telemetry: new RecordedTelemetry(),
      creates: new Slots(2),
      onFault: () => {},
    },
  );
  const names = () => pools.status().map((status) => status.image);
  return { runtime, clock, pools, names };
};

describe("Pools", () => {
  test("keeps tenants, images and policies apart", async () => {
    const { pools } = setUp(100);
    for (const tenant of ["a", "b"]) {
      for (const digest of ["x", "y"]) {
        await pools.acquire(image(1), { ...policy, digest }, tenant, never);
        await pools.acquire(image(2), { ...policy, digest }, tenant, never);
      }
    }
    expect(pools.status()).toHaveLength(8);
  });

  test("an idle pool gives its sandboxes back, a pinned one keeps them", async () => {
    const { pools, clock, runtime, names } = setUp();
    pools.pin(image(1), policy, "t");
    await pools.acquire(image(2), policy, "t", never);
    await settled();
    await clock.advance(1001);
    pools.closeIdle();
    await settled();
    expect(names()).toEqual(["image-1"]);
    // The leased one isn't the pool's any more.
    expect(runtime.made.filter(({ destroyed }) => destroyed)).toHaveLength(2);
  });

  test("room for a new pool is made by closing the least recently used one", async () => {
    const { pools, clock, names } = setUp(4);
    pools.pin(image(1), policy, "t");
    for (const n of [2, 3, 2, 4]) {
      await pools.acquire(image(n), policy, "t", never);
      await clock.advance(1);
    }
    expect(names()).toEqual(["image-1", "image-4"]);
  });

  test("for some tenants none ahead is made, and nobody's warm ones go for them", async () => {
    const { pools, runtime, names } = setUp(2, (tenant) => tenant === "proof");
    await pools.acquire(image(1), policy, "t", never);
    await settled();
    const made = runtime.made.length;
    await pools.acquire(image(2), policy, "proof", never);
    await settled();
    expect(runtime.made).toHaveLength(made + 1);
    expect(names()).toEqual(["image-1", "image-2"]);
  });

  test("close leaves nothing warm", async () => {
    const { pools, runtime } = setUp();
    pools.pin(image(1), policy, "t");
    await settled();
    await pools.close();
    expect(runtime.made).toHaveLength(2);
    expect(runtime.made.every(({ destroyed }) => destroyed)).toBe(true);
  });
});
