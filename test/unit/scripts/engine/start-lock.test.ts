import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { takeStartLock } from "../../../../scripts/engine/start-lock.ts";

/** "As root already", so that nothing asks sudo: in the test's own folder no rights are needed. */
const asRoot = true;

test("a second start gets the lock only after the first gave it back", async () => {
  const folder = mkdtempSync(join(tmpdir(), "cloche-lock-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "lock");
  const order: string[] = [];
  const first = await takeStartLock(path, () => {}, asRoot);
  const second = takeStartLock(path, () => {}, asRoot).then((lock) => {
    order.push("second has it");
    return lock;
  });
  order.push("first is done");
  await first[Symbol.asyncDispose]();
  await (await second)[Symbol.asyncDispose]();
  expect(order).toEqual(["first is done", "second has it"]);
});
