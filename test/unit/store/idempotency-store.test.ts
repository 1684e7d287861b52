import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { describe, expect, onTestFinished, test } from "vitest";
import { ManualClock } from "../../support/manual-clock.ts";
import { aFolder, aStore } from "./a-store.ts";

const claim = { tenant: "t", scope: "POST /v1/executions", key: "k", bodyHash: "h", ref: "exe_1" };

describe("an idempotency key", () => {
  test("is taken once; whoever comes later is told what it led to", () => {
    const { idempotency } = aStore();
    expect(idempotency.claim(claim)).toEqual({ first: true });
    const again = { ...claim, ref: "exe_2" };
    expect(idempotency.claim(again)).toEqual({ first: false, ref: "exe_1", sameBody: true });
    expect(idempotency.claim({ ...again, bodyHash: "other" })).toEqual({
      first: false,
      ref: "exe_1",
      sameBody: false,
    });
    expect(idempotency.claim(claim)).toEqual({ first: false, ref: "exe_1", sameBody: true });
  });

  test("is one of its tenant and its path", () => {
    const { idempotency } = aStore();
    expect(idempotency.claim(claim)).toEqual({ first: true });
    expect(idempotency.claim({ ...claim, tenant: "other" })).toEqual({ first: true });
    expect(idempotency.claim({ ...claim, scope: "POST /v1/sessions" })).toEqual({ first: true });
  });

  test("can be used again when its taker gives it back, and by nobody else's doing", () => {
    const { idempotency } = aStore();
    idempotency.claim(claim);
    idempotency.release({ ...claim, ref: "exe_2" });
    expect(idempotency.claim({ ...claim, ref: "exe_2" })).toMatchObject({ first: false });
    idempotency.release(claim);
    expect(idempotency.claim({ ...claim, ref: "exe_2" })).toEqual({ first: true });
  });

  test("leads to something else once its taker says so, and by nobody else's doing", () => {
    const { idempotency } = aStore();
    idempotency.claim(claim);
    idempotency.settle({ ...claim, ref: "exe_2" }, "nothing");
    expect(idempotency.claim(claim)).toMatchObject({ first: false, ref: "exe_1" });
    idempotency.settle(claim, "done");
    expect(idempotency.claim(claim)).toEqual({ first: false, ref: "done", sameBody: true });
  });

  test("is forgotten after its time, counted from its first use", async () => {
    const clock = new ManualClock();
    const { idempotency } = aStore({ clock });
    const at = clock.now();
    idempotency.claim(claim);
    await clock.advance(1000);
    idempotency.claim(claim);
    expect(idempotency.prune(at)).toBe(0);
    expect(idempotency.prune(at + 1)).toBe(1);
    expect(idempotency.claim(claim)).toEqual({ first: true });
  });

  test("that several connections reach for at the same time goes to one of them", async () => {
    const file = join(aFolder(), "cloche.db");
    aStore({ file });
    const keys = Array.from({ length: 300 }, (_, index) => `key_${index}`);
    const workers = ["exe_1", "exe_2", "exe_3"].map(
      (ref) => new Worker(new URL("claimer.ts", import.meta.url), { workerData: { file, ref, keys } }),
    );
    onTestFinished(async () => void (await Promise.all(workers.map((worker) => worker.terminate()))));
    await Promise.all(workers.map((worker) => once(worker, "message")));
    const answers = workers.map((worker) => once(worker, "message"));
    for (const worker of workers) worker.postMessage("go");
    const told = (await Promise.all(answers)).map(([list]) => list);
    expect(told.flat().filter((answer) => answer !== undefined).length).toBeGreaterThan(keys.length);
    for (const index of keys.keys()) {
      const of = told.map((list) => list[index]).filter((answer) => answer !== undefined);
      const taker = of.findIndex(({ first }) => first);
      expect(of.filter(({ first }) => first)).toHaveLength(of.length === 0 ? 0 : 1);
      const refs = new Set(of.filter((_, at) => at !== taker).map(({ ref }) => ref));
      expect(refs.size).toBeLessThanOrEqual(1);
    }
  });
});
