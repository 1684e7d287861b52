import { existsSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, test } from "vitest";
import { toTermination } from "../../../src/domain/termination.ts";
import { aFolder, aStore } from "./a-store.ts";
import { aHead, aReceipt, aSession, aTimeline, finished, NOW } from "./records.ts";

const everything = {
  executionsBefore: NOW + 1,
  sessionsEndedBefore: NOW + 1,
  cohortsBefore: NOW + 1,
  proofsBefore: NOW + 1,
  idempotencyBefore: NOW + 1,
  usageBeforeDay: "2027-12-31",
};
const nothing = {
  executionsBefore: 0,
  sessionsEndedBefore: 0,
  cohortsBefore: 0,
  proofsBefore: 0,
  idempotencyBefore: 0,
  usageBeforeDay: "",
};

const claim = { tenant: "t", scope: "s", key: "k", bodyHash: "h", ref: "exe_1" };

describe("SqliteStore", () => {
  test("lets go of all that is past its time", () => {
    const store = aStore();
    store.executions.begin("t", aHead("exe_1"), "{}");
    store.executions.finish("t", finished(aHead("exe_1")), aTimeline(), aReceipt());
    const termination = toTermination("closed", "", NOW);
    const session = aSession("ses_1", { cohortId: "coh_1", state: "ended", termination });
    store.sessions.save({ session, containerId: null, env: {}, facts: null });
    store.cohorts.save({ id: "coh_1", tenant: "t", createdAt: session.createdAt, sessionIds: ["ses_1"] });
    store.idempotency.claim(claim);
    store.tenants.addUsage("t", "2027-01-15", { cpuMs: 1, bytes: 1 });
    const kept = () => [
      store.executions.find("t", "exe_1") !== undefined,
      store.sessions.find("t", "ses_1") !== undefined,
      store.cohorts.find("t", "coh_1") !== undefined,
      !store.idempotency.claim(claim).first,
      store.tenants.usage("t", "2027-01-15").bytes > 0,
    ];
    store.prune(nothing);
    expect(kept()).toEqual([true, true, true, true, true]);
    store.prune(everything);
    expect(kept()).toEqual([false, false, false, false, false]);
  });

  test("has what a run needed until it ended nowhere on the disk, once it was pruned", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    const onDisk = () =>
      [file, `${file}-wal`].some((one) => existsSync(one) && readFileSync(one).includes("zebra"));
    // Of this size a plan shares its page with others, and with this one it has pages of its own.
    for (const [n, plan] of ["zebra", `zebra${"z".repeat(20_000)}`].entries()) {
      const head = aHead(`exe_${n}`);
      store.executions.begin("t", head, plan);
      expect(onDisk()).toBe(true);
      store.executions.finish("t", finished(head), aTimeline(), aReceipt());
    }
    store.prune(nothing);
    expect(onDisk()).toBe(false);
  });

  test("gives room on the disk back", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    for (let n = 0; n < 50; n += 1) {
      const head = aHead(`exe_${n}`);
      store.executions.begin("t", head, "{}");
      store.executions.finish("t", finished(head, { stdout: "x".repeat(100_000) }), aTimeline(), aReceipt());
    }
    store.prune(nothing);
    const before = statSync(file).size;
    expect(before).toBeGreaterThan(5_000_000);
    store.prune(everything);
    expect(statSync(file).size).toBeLessThan(before / 10);
  });

  test("says when it can't be written", () => {
    const file = join(aFolder(), "cloche.db");
    const store = aStore({ file });
    store.check();
    const other = new DatabaseSync(file);
    other.exec("DROP TABLE probe");
    other.close();
    expect(() => store.check()).toThrow(
      expect.objectContaining({ code: "store_unavailable", message: "The store can't be used" }),
    );
  });
});
