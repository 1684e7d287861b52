import { expect, test } from "vitest";
import { Slots } from "../../../../src/engine/admission/slots.ts";
import { settled } from "../../../support/manual-clock.ts";

test("places go to those who wait in their order, and nobody slips in between", async () => {
  const slots = new Slots(1);
  const release = await slots.take();
  const order: string[] = [];
  const second = slots.take().then((give) => {
    order.push("second");
    return give;
  });
  const third = slots.take().then(() => order.push("third"));
  expect(slots).toMatchObject({ taken: 1, waiting: 2 });
  release();
  (await second)();
  await third;
  expect(order).toEqual(["second", "third"]);
  expect(slots).toMatchObject({ taken: 1, waiting: 0 });
});

test("giving a place back twice gives it back once", async () => {
  const slots = new Slots(2);
  const release = await slots.take();
  await slots.take();
  release();
  release();
  expect(slots.taken).toBe(1);
});

test("who gives up while waiting takes no place", async () => {
  const slots = new Slots(1);
  const release = await slots.take();
  const abort = new AbortController();
  const waiting = slots.take(abort.signal);
  abort.abort(new Error("gave up"));
  await expect(waiting).rejects.toThrow("gave up");
  release();
  await settled();
  expect(slots).toMatchObject({ taken: 0, waiting: 0 });
  await expect(slots.take(abort.signal)).rejects.toThrow("gave up");
});

test("who gives up in the middle of the line leaves the others' order", async () => {
  const slots = new Slots(1);
  const release = await slots.take();
  const abort = new AbortController();
  const order: number[] = [];
  const takes = [1, 2, 3].map((number) =>
    slots.take(number === 2 ? abort.signal : undefined).then((give) => {
      order.push(number);
      give();
    }),
  );
  abort.abort(new Error("gave up"));
  await expect(takes[1]).rejects.toThrow("gave up");
  release();
  await Promise.all([takes[0], takes[2]]);
  expect(order).toEqual([1, 3]);
  expect(slots).toMatchObject({ taken: 0, waiting: 0 });
});
