import { expect, test } from "vitest";
import { Admission } from "../../../src/engine/admission.ts";
import { settled } from "../../support/manual-clock.ts";

const never = new AbortController().signal;

test("over its queue it refuses at once, with a time to retry", async () => {
  const admission = new Admission(1, 1);
  await admission.enter(never);
  void admission.enter(never);
  await expect(admission.enter(never)).rejects.toMatchObject({
    code: "capacity_exhausted",
    retryAfterSeconds: 1,
  });
  expect(admission).toMatchObject({ running: 1, queued: 1 });
});

test("without a queue the first ones still run", async () => {
  const admission = new Admission(1, 0);
  const leave = await admission.enter(never);
  await expect(admission.enter(never)).rejects.toMatchObject({ code: "capacity_exhausted" });
  leave();
  await admission.enter(never);
});

test("draining refuses newcomers and waits for what was accepted, queued included", async () => {
  const admission = new Admission(1, 5);
  const first = await admission.enter(never);
  const second = admission.enter(never);
  let drained = false;
  const drain = admission.drain().then(() => {
    drained = true;
  });
  await expect(admission.enter(never)).rejects.toMatchObject({ code: "capacity_exhausted" });
  first();
  const leave = await second;
  await settled();
  expect(drained).toBe(false);
  leave();
  await drain;
});
