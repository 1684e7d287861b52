import { expect, test } from "vitest";
import { Reaper } from "../../../../src/engine/sandboxes/reaper.ts";
import { FakeRuntime } from "../../../support/fake-runtime.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

test("removes what a crash of this instance left and what nobody else cleared away, nothing more", async () => {
  const runtime = new FakeRuntime();
  const clock = new ManualClock();
  const now = clock.now();
  const ref = (containerId: string, instance: string, running: boolean, createdAt = now) => ({
    containerId,
    sandboxId: `sbx_${containerId}`,
    instance,
    running,
    createdAt,
  });
  runtime.owned.add("sbx_live");
  runtime.refs = [
    ref("live", "ours", true),
    ref("crashed", "ours", true),
    ref("crashed-exited", "ours", false),
    ref("theirs", "other", true, now - 3_600_000),
    ref("theirs-ending", "other", false, now - 59_000),
    ref("theirs-abandoned", "other", false, now - 61_000),
  ];
  expect(await new Reaper(runtime, clock, "ours").sweep()).toBe(3);
  expect(runtime.removed.sort()).toEqual(["crashed", "crashed-exited", "theirs-abandoned"]);
});
