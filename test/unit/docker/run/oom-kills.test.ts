import { describe, expect, test } from "vitest";
import { AppliedLimits } from "../../../../src/docker/run/applied-limits.ts";
import { oomKillsOf, withOomKills } from "../../../../src/docker/run/oom-kills.ts";
import { someEvidence } from "../../../support/builders.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

describe("kills for memory that only the host's kernel knows of", () => {
  const killed = someEvidence({ exitCode: null, signal: 9, oomKills: null });

  test("are asked for where a run came to a bad end that nobody explains", async () => {
    const since: number[] = [];
    const count = async (ms: number) => since.push(ms);
    expect((await withOomKills(killed, 7, count)).oomKills).toBe(1);
    expect(since).toEqual([7]);
  });

  test.each([
    ["the launcher counted them", { ...killed, oomKills: 0 }],
    ["the program ended well", { ...killed, exitCode: 0, signal: null }],
    ["we ended it ourselves", { ...killed, killedBy: "wall" as const }],
  ])("are not where %s", async (_, evidence) => {
    const count = async () => {
      throw new Error("asked");
    };
    expect(await withOomKills(evidence, 0, count)).toBe(evidence);
  });

  test("stay unknown where the engine doesn't answer, or nobody can be asked", async () => {
    const count = async () => {
      throw new Error("away");
    };
    expect(await withOomKills(killed, 0, count)).toBe(killed);
    expect(await withOomKills(killed, 0, undefined)).toBe(killed);
  });

  test("are the engine's events of this container since the run began", async () => {
    const asked: unknown[] = [];
    const getEvents = async (query: unknown) => {
      asked.push(query);
      return ['{"status":"oom"}\n{"sta', 'tus":"oom"}\n'];
    };
    const clock = new ManualClock();
    const count = oomKillsOf({ getEvents } as never, "abc", clock);
    expect(await count(1_500)).toBe(2);
    expect(asked).toMatchObject([{ since: 1.5, filters: { container: ["abc"], event: ["oom"] } }]);
  });
});

describe("limits of one run", () => {
  const setUp = (fixed?: number) => {
    const updates: object[] = [];
    const container = { update: async (change: object) => void updates.push(change) };
    return {
      updates,
      limits: new AppliedLimits(container as never, { memoryMiB: 512, processes: 64 }, fixed),
    };
  };

  test("control: the engine bounds processes anew", async () => {
    const { updates, limits } = setUp();
    await limits.apply({ memoryMiB: 512, processes: 16 });
    expect(updates).toMatchObject([{ PidsLimit: 16 }]);
  });

  test("where a kernel of the sandbox's own bounds them the request is refused, and memory can still be less", async () => {
    const { updates, limits } = setUp(64);
    await expect(limits.apply({ memoryMiB: 512, processes: 16 })).rejects.toMatchObject({
      code: "invalid_request",
    });
    await limits.apply({ memoryMiB: 256, processes: 64 });
    expect(updates).toEqual([{ Memory: 256 << 20, MemorySwap: 256 << 20 }]);
  });
});
