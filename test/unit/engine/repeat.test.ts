import { expect, test } from "vitest";
import { repeat } from "../../../src/engine/repeat.ts";
import { ManualClock } from "../../support/manual-clock.ts";

test("works every time it is due, also after a failure, until it is stopped", async () => {
  const clock = new ManualClock();
  const faults: unknown[] = [];
  let times = 0;
  const stop = repeat(
    clock,
    100,
    () => {
      times += 1;
      if (times === 1) throw new Error("once");
    },
    (error) => faults.push(error),
  );
  await clock.advance(99);
  expect(times).toBe(0);
  await clock.advance(1);
  expect(times).toBe(1);
  expect(faults).toHaveLength(1);
  await clock.advance(100);
  expect(times).toBe(2);
  stop();
  await clock.advance(1000);
  expect(times).toBe(2);
});

test("the next time is not begun before the last one has ended", async () => {
  const clock = new ManualClock();
  const gate = Promise.withResolvers<void>();
  let begun = 0;
  const stop = repeat(
    clock,
    100,
    () => {
      begun += 1;
      return gate.promise;
    },
    () => {},
  );
  await clock.advance(100);
  await clock.advance(1000);
  expect(begun).toBe(1);
  gate.resolve();
  await clock.advance(0);
  await clock.advance(100);
  expect(begun).toBe(2);
  stop();
});
