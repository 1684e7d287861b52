import { describe, expect, test } from "vitest";
import type { Policy } from "../../../../src/domain/policy.ts";
import type { RunReport, SandboxContainer } from "../../../../src/engine/ports/runtime.ts";
import { Leases } from "../../../../src/engine/sandboxes/leases.ts";
import { anImage, aPolicy } from "../../../support/builders.ts";
import { aReport, FakeRuntime, type FakeSandbox } from "../../../support/fake-runtime.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";

const cells = (change: Partial<Policy["isolation"]> = {}): Policy =>
  aPolicy({ isolation: { tier: "cell", runtime: "runc", cells: 3, ...change } });

const setUp = ({ policy = cells(), maxResting = 2 } = {}) => {
  const clock = new ManualClock();
  const runtime = new FakeRuntime();
  const faults: unknown[] = [];
  const never = new AbortController().signal;
  const ids = ["a", "b", "c", "d", "e", "f"].values();
  const pools = {
    acquire: async (image: ReturnType<typeof anImage>, policy: Policy, tenant: string) =>
      (await runtime.create({ id: `sbx_${ids.next().value}`, tenant, image, policy })) as SandboxContainer,
  };
  const leases = new Leases({ pools, clock, onFault: (e) => faults.push(e), maxResting, idleMs: 1000 });
  const take = async (tenant = "t", of = policy) => {
    const lease = await leases.take(anImage(), of, tenant, never);
    return { ...lease, sandbox: lease.container as FakeSandbox };
  };
  /** One execution from its lease to its end. */
  const once = async (report: RunReport | undefined = aReport(), tenant = "t") => {
    const lease = await take(tenant);
    lease.end(report);
    await settled();
    return lease.sandbox;
  };
  return { clock, runtime, faults, leases, take, once };
};

describe("tier container", () => {
  test("every execution has a sandbox of its own, removed after it", async () => {
    const { leases, once } = setUp({ policy: aPolicy() });
    const used = [await once(), await once()];
    await leases.settle();
    expect(new Set(used).size).toBe(2);
    expect(used.map(({ destroyed, wipes }) => [destroyed, wipes])).toEqual([
      [true, 0],
      [true, 0],
    ]);
  });
});

describe("tier cell", () => {
  test("a sandbox that was found clean serves the next execution of its tenant", async () => {
    const { once } = setUp();
    const first = await once();
    expect(await once()).toBe(first);
    expect(first.wipes).toBe(2);
  });

  test("never that of another tenant, image or policy", async () => {
    const { once, take } = setUp();
    const first = await once();
    expect(await once(aReport(), "other")).not.toBe(first);
    const other = await take("t", { ...cells(), digest: "sha256:another" });
    expect(other.sandbox).not.toBe(first);
  });

  test("is thrown away after as many cells as the policy says", async () => {
    const { leases, once } = setUp();
    const used = [await once(), await once(), await once(), await once()];
    await leases.settle();
    expect(new Set(used).size).toBe(2);
    expect(used[0]?.wipes).toBe(2);
    expect(used[0]?.destroyed).toBe(true);
  });

  test.each([
    ["nobody knows how its run ended", undefined],
    ["its run was lost", { ...aReport(), end: { kind: "lost", cause: "wall", wallMs: 1 } } as const],
    ["its run was killed", aReport("", { killedBy: "wall" })],
    ["its run ended by a signal", aReport("", { signal: 11, exitCode: null })],
    ["the kernel killed for memory", aReport("", { oomKills: 1 })],
    ["nobody counted what the kernel killed", aReport("", { oomKills: null })],
    ["it met the limit of processes", aReport("", { refusedForks: 1 })],
    ["processes outlived the program", aReport("", { stragglers: 1 })],
  ])("is thrown away where %s", async (_, report) => {
    const { leases, take, once } = setUp();
    const lease = await take();
    lease.end(report);
    await leases.settle();
    expect(lease.sandbox.destroyed).toBe(true);
    expect(lease.sandbox.wipes).toBe(0);
    expect(await once()).not.toBe(lease.sandbox);
  });

  test("control: an exception is nothing to doubt it for", async () => {
    const { once } = setUp();
    const first = await once(
      aReport("", { exitCode: 1, reported: { exception: "ValueError", errno: null } }),
    );
    expect(await once()).toBe(first);
  });

  test("is thrown away where something is left, and the log says what", async () => {
    const { leases, take, once, faults } = setUp();
    const lease = await take();
    lease.sandbox.residue = ["/tmp is not as it was"];
    lease.end(aReport());
    await settled();
    expect(await once()).not.toBe(lease.sandbox);
    await leases.settle();
    expect(lease.sandbox.destroyed).toBe(true);
    expect(String(faults[0])).toContain("/tmp is not as it was");
  });

  test("whoever comes while it is wiped waits for it", async () => {
    const { take, runtime } = setUp();
    const lease = await take();
    lease.end(aReport());
    const next = await take();
    expect(next.sandbox).toBe(lease.sandbox);
    expect(runtime.made).toHaveLength(1);
  });

  test("one that dies while it rests serves nobody", async () => {
    const { once } = setUp();
    const first = await once();
    first.die();
    await settled();
    expect(await once()).not.toBe(first);
  });

  test("rests no longer than it may, and no more of them than there may be", async () => {
    const { clock, leases, take } = setUp({ maxResting: 1 });
    const [first, second] = [await take(), await take()];
    first.end(aReport());
    second.end(aReport());
    await settled();
    await clock.advance(20);
    expect(first.sandbox.destroyed).toBe(true);
    expect(second.sandbox.destroyed).toBe(false);
    await clock.advance(2000);
    leases.closeIdle();
    await clock.advance(20);
    expect(second.sandbox.destroyed).toBe(true);
  });

  test("none is left when the service ends, also not one that is being wiped", async () => {
    const { leases, once, take } = setUp();
    const resting = await once();
    const lease = await take("other");
    lease.end(aReport());
    await leases.settle();
    expect([resting.destroyed, lease.sandbox.destroyed]).toEqual([true, true]);
  });
});
