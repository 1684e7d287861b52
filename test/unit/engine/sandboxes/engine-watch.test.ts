import { describe, expect, test } from "vitest";
import { EngineWatch } from "../../../../src/engine/sandboxes/engine-watch.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const setUp = () => {
  const engine = { answers: true, lost: 0 };
  const changes: boolean[] = [];
  const clock = new ManualClock();
  const watch = new EngineWatch({
    ping: async () => {
      if (!engine.answers) throw new Error("away");
    },
    sessionsLost: () => engine.lost,
    clock,
    onChange: (answers) => void changes.push(answers),
  });
  return { engine, changes, clock, watch };
};

describe("the engine's watch", () => {
  test("says nothing while nothing happens", async () => {
    const { watch, changes } = setUp();
    await watch.look();
    await watch.look();
    expect([changes, watch.story()]).toEqual([[], undefined]);
  });

  test("tells once when the engine goes and once when it is back", async () => {
    const { watch, engine, changes } = setUp();
    await watch.look();
    engine.answers = false;
    for (let turn = 0; turn < 3; turn += 1) await expect(watch.look()).rejects.toThrow("away");
    expect(changes).toEqual([false]);
    engine.answers = true;
    await watch.look();
    await watch.look();
    expect(changes).toEqual([false, true]);
  });

  test("afterwards tells how long it was away and what went down with it", async () => {
    const { watch, engine, clock } = setUp();
    engine.lost = 2;
    await watch.look();
    engine.answers = false;
    // Their links break before anyone looks.
    engine.lost = 3;
    await watch.look().catch(() => {});
    expect(watch.story()).toBeUndefined();
    await clock.advance(4100);
    engine.answers = true;
    await watch.look();
    // Why it ended is asked when it answers again.
    engine.lost = 5;
    await watch.look();
    expect(watch.story()).toBe(
      `ok; it was away for 5 s until ${new Date(clock.now()).toISOString()}; 3 sessions went down with it`,
    );
  });

  test("tells of the last time only", async () => {
    const { watch, engine, clock } = setUp();
    for (const lost of [4, 5]) {
      engine.answers = false;
      await watch.look().catch(() => {});
      engine.lost = lost;
      await clock.advance(1000);
      engine.answers = true;
      await watch.look();
    }
    expect(watch.story()).toContain("away for 1 s");
    expect(watch.story()).toContain("1 sessions");
  });
});
