import { describe, expect, test } from "vitest";
import { causeOf, endOf } from "../../../../src/docker/container/container-end.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";

const seen = { fault: undefined, complaint: "bad", engineWasAway: false };
const ended = (exitCode: number, outOfMemory = false) => ({ kind: "ended" as const, exitCode, outOfMemory });

describe("causeOf", () => {
  test.each([
    [
      "memory, by the engine's word",
      ended(137, true),
      { fault: new Error("x"), engineWasAway: true },
      "memory",
    ],
    ["a breach of the protocol", ended(0), { fault: new Error("x") }, "launcher_failed"],
    ["a kill from outside", ended(137), {}, "killed"],
    ["a request to end from outside", ended(143), {}, "killed"],
    ["a container that somebody removed", { kind: "gone" as const }, {}, "killed"],
    ["a launcher that ended", ended(1), {}, "launcher_failed"],
    ["a launcher that ended well, which none does while somebody is there", ended(0), {}, "launcher_failed"],
    [
      "a launcher that does not answer",
      { kind: "running" as const },
      { engineWasAway: true },
      "launcher_failed",
    ],
    ["an engine that went away and took it along", ended(137), { engineWasAway: true }, "engine_lost"],
    ["an engine that lost it", { kind: "gone" as const }, { engineWasAway: true }, "engine_lost"],
    ["an engine that does not answer", { kind: "unknown" as const }, {}, "engine_lost"],
  ])("%s", (_, end, change, cause) => {
    expect(causeOf(end, { ...seen, ...change })).toMatchObject({ cause });
  });

  test("its detail is bounded, and has the end of what the launcher complained of", () => {
    const { detail } = causeOf(ended(1), { ...seen, complaint: `${"x".repeat(20_000)} ValueError: why` });
    expect(detail.length).toBeLessThanOrEqual(1000);
    expect(detail).toMatch(/^the launcher ended with exit code 1: .* ValueError: why$/);
  });
});

describe("endOf", () => {
  const State = { Running: false, OOMKilled: true, ExitCode: 137 };
  const never = () => new Promise<never>(() => {});
  const container = (change: object) =>
    ({ wait: async () => ({}), inspect: async () => ({ State }), ...change }) as unknown as Parameters<
      typeof endOf
    >[0];

  test("tells what the engine says", async () => {
    expect(await endOf(container({}), new ManualClock())).toEqual(ended(137, true));
  });

  test("a container that is gone", async () => {
    const inspect = async () => {
      throw Object.assign(new Error("no such container"), { statusCode: 404 });
    };
    expect(await endOf(container({ inspect }), new ManualClock())).toEqual({ kind: "gone" });
  });

  test("waits for a container that goes on, and for an engine that hangs, only so long", async () => {
    const clock = new ManualClock();
    const running = endOf(
      container({ wait: never, inspect: async () => ({ State: { Running: true } }) }),
      clock,
    );
    await clock.advance(3000);
    expect(await running).toEqual({ kind: "running" });
    const unknown = endOf(container({ inspect: never }), clock);
    await settled();
    await clock.advance(3000);
    expect(await unknown).toEqual({ kind: "unknown" });
  });
});
