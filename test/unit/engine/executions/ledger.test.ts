import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import type { ExecutionEvent } from "../../../../src/domain/execution-event.ts";
import type { LiveExecution } from "../../../../src/engine/executions/live-execution.ts";
import { neverBegan, observe } from "../../../../src/engine/executions/observe.ts";
import { anAsk } from "../../../support/builders.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { aHead, inSession } from "../../store/records.ts";

const timings = { queuedMs: 0, acquireMs: 0, runMs: 1, totalMs: 1 };
const broke = new ServiceError("sandbox_failed", "broke");

/** Whether it is told to anybody, and what. */
const watch = (live: LiveExecution) => {
  const seen = { result: undefined as unknown, types: [] as string[], ended: false };
  live.result.then(
    (stored) => {
      seen.result = JSON.parse(stored);
    },
    (error: unknown) => {
      seen.result = error;
    },
  );
  void (async () => {
    const events: AsyncIterable<ExecutionEvent> = live.feed.read(0, new AbortController().signal);
    for await (const { type } of events) seen.types.push(type);
    seen.ended = true;
  })();
  return seen;
};

const begun = (change = {}) => {
  const engine = anEngine();
  const live = engine.ledger.begin("t", aHead("exe_1", change), "{}", anAsk());
  engine.ledger.tell(live, { type: "started" });
  return {
    ...engine,
    live,
    seen: watch(live),
    finish: (onStored?: () => void) =>
      engine.ledger.finish(live, observe(aReport("1\n", { cpuMs: 7 })), timings, onStored),
  };
};

describe("nothing is acknowledged before it is stored", () => {
  test("where the beginning can't be stored there is no execution", () => {
    const { ledger, stores } = anEngine();
    stores.executions.full = true;
    expect(() => ledger.begin("t", aHead("exe_1"), "", anAsk())).toThrow("can't be written");
    expect(ledger.find("t", "exe_1")).toBeUndefined();
    expect(stores.executions.find("t", "exe_1")).toBeUndefined();
  });

  test("what was begun is in the store", () => {
    const { stores, live } = begun();
    expect(JSON.parse(stores.executions.find("t", live.id) ?? "")).toMatchObject({ status: "running" });
    expect(stores.executions.unfinished()).toMatchObject([{ tenant: "t", plan: "{}" }]);
  });

  test("that can't be stored is refused to whoever waits, found here, and told once it is stored", async () => {
    const { ledger, late, stores, live, seen, finish } = begun();
    stores.executions.full = true;
    const kept: string[] = [];
    finish(() => kept.push("forgotten"));
    await settled();
    expect(seen).toMatchObject({ result: { code: "store_unavailable" }, types: ["started"], ended: false });
    expect(ledger.find("t", live.id)).toBe(live);
    late.retry();
    await settled();
    expect([seen.ended, kept, late.size]).toEqual([false, [], 1]);
    stores.executions.full = false;
    late.retry();
    await settled();
    expect(seen).toMatchObject({ types: ["started", "finished"], ended: true });
    expect([kept, late.size, ledger.find("t", live.id)]).toEqual([["forgotten"], 0, undefined]);
    expect(JSON.parse(stores.executions.find("t", live.id) ?? "")).toMatchObject({ status: "finished" });
  });

  test("whoever waits gets what the store has", async () => {
    const { stores, live, seen, finish } = begun();
    finish();
    await settled();
    expect(seen.types).toEqual(["started", "finished"]);
    expect(JSON.parse(stores.executions.find("t", live.id) ?? "")).toEqual(seen.result);
  });

  test("a store that fails late, at the mark that it runs, fails nothing", () => {
    const { ledger, stores, faults } = anEngine();
    const live = ledger.begin("t", aHead("exe_1"), "", anAsk());
    stores.executions.full = true;
    ledger.tell(live, { type: "started" });
    expect(faults).toMatchObject([{ code: "store_unavailable" }]);
  });
});

describe("a failure", () => {
  test("is stored and told, and is nobody's score", async () => {
    const { ledger, stores, telemetry, charges, live, seen } = begun();
    ledger.fail(live, broke);
    await settled();
    const error = { code: "sandbox_failed", detail: "broke", retryable: true, infra: true };
    expect(JSON.parse(stores.executions.find("t", "exe_1") ?? "")).toMatchObject({ status: "failed", error });
    expect(seen).toEqual({ result: broke, types: ["started", "error"], ended: true });
    expect([telemetry.outcomes, telemetry.faults, charges]).toEqual([[], ["sandbox_failed"], []]);
  });

  test("that can't be stored is told all the same, and is stored once it can be", async () => {
    const { ledger, late, stores, faults, live, seen } = begun();
    stores.executions.full = true;
    ledger.fail(live, broke);
    await settled();
    expect(seen).toMatchObject({ result: broke, ended: true });
    expect(faults).toMatchObject([{ code: "store_unavailable" }]);
    expect(stores.executions.unfinished()).toHaveLength(1);
    stores.executions.full = false;
    late.retry();
    expect(stores.executions.unfinished()).toEqual([]);
    expect(ledger.find("t", live.id)).toBeUndefined();
  });
});

test("what is handed over is told no end, and no longer found here", async () => {
  const { ledger, stores, live, seen } = begun();
  ledger.handOver(live, broke);
  await settled();
  expect(seen).toEqual({ result: broke, types: ["started"], ended: true });
  expect(ledger.find("t", live.id)).toBeUndefined();
  expect(stores.executions.unfinished()).toHaveLength(1);
});

test("a tenant finds its own only, and who may see all finds all", () => {
  const { ledger, live, finish } = begun();
  expect(ledger.find("t", "exe_1")).toBe(live);
  expect(ledger.find(undefined, "exe_1")).toBe(live);
  expect(ledger.find("other", "exe_1")).toBeUndefined();
  expect(ledger.find("t", "exe_2")).toBeUndefined();
  finish();
  expect(ledger.find("t", "exe_1")).toBeUndefined();
});

test("an execution is charged for its CPU time and output; in a session the sandbox's CPU time is charged as a whole", () => {
  const alone = begun();
  alone.finish();
  expect(alone.charges).toEqual([{ tenant: "t", cpuMs: 7, bytes: 2 }]);
  const within = begun(inSession("ses_1"));
  within.finish();
  expect(within.charges).toEqual([{ tenant: "t", cpuMs: 0, bytes: 2 }]);
});

test("times are told to the microsecond", () => {
  const { ledger, live, stores } = begun();
  const odd = { queuedMs: 0, acquireMs: 0, runMs: 1.23456789, totalMs: 2 };
  ledger.finish(live, neverBegan, odd);
  expect(JSON.parse(stores.executions.find("t", live.id) ?? "")).toMatchObject({ timings: { runMs: 1.235 } });
});

describe("an execution that doesn't run yet", () => {
  test("is queued, takes no interrupt and no input, and can be cancelled", async () => {
    const { ledger } = anEngine();
    const live = ledger.begin("t", aHead("exe_1"), "", anAsk());
    expect(live.record().status).toBe("queued");
    expect(() => live.interrupt()).toThrow("not running yet");
    await expect(live.feedStdin(Buffer.from("x"), false)).rejects.toMatchObject({ code: "conflict" });
    live.cancel();
    expect(live.signal.aborted).toBe(true);
  });
});
