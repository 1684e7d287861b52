import { describe, expect, test } from "vitest";
import { type Batch, batchSchema } from "../../../../src/domain/batch.ts";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { Batches } from "../../../../src/engine/executions/batches.ts";
import { Idempotency } from "../../../../src/engine/idempotency.ts";
import { SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport, HeldRuns } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";

type Line = {
  id?: string;
  execution?: { id: string; status: string; observation: { stdout: string } };
  error?: { code: string };
  done?: number;
  failed?: number;
};

const batchOf = (...ids: string[]): Batch =>
  batchSchema.parse({ items: ids.map((id) => ({ id, action: { code: `print("${id}")` } })) });

const setUp = ({ atOnce = 2, ...settings }: { atOnce?: number } & Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine(settings);
  const { executor, ledger, stores, clock } = engine;
  const idempotency = new Idempotency(stores.idempotency);
  const batches = new Batches({ executor, ledger, store: stores.executions, idempotency, clock, atOnce });
  /** Takes lines as fast as they come, unless it is told how. */
  const run = (
    batch: Batch,
    { signal = new AbortController().signal, tenant = "t", onLine = async () => {} }: Options = {},
  ) => {
    const lines: Line[] = [];
    const ended = batches.run(batch, { tenant }, signal, async (line) => {
      lines.push(JSON.parse(line));
      await onLine();
    });
    return { lines, ended };
  };
  const held = () => {
    const runs = new HeldRuns();
    engine.runtime.run = runs.run;
    return runs;
  };
  return { ...engine, run, held };
};

interface Options {
  signal?: AbortSignal;
  tenant?: string;
  onLine?: () => Promise<void>;
}

const idsOf = (lines: Line[]) => lines.map(({ id }) => id);
const executionsOf = (lines: Line[]) =>
  Object.fromEntries(lines.filter(({ id }) => id).map(({ id, execution }) => [id, execution?.id]));

describe("a batch", () => {
  test("answers each item as it ends, then says how many there were", async () => {
    const { run, held } = setUp();
    const runs = held();
    const { lines, ended } = run(batchOf("a", "b", "c"));
    await settled();
    expect(runs.begun).toHaveLength(2);
    await runs.begun[1]?.end(aReport("b"));
    await runs.begun[2]?.end(aReport("c"));
    await runs.begun[0]?.end(aReport("a"));
    await ended;
    expect(idsOf(lines)).toEqual(["b", "c", "a", undefined]);
    expect(lines[0]).toMatchObject({ execution: { status: "finished", observation: { stdout: "b" } } });
    expect(lines.at(-1)).toEqual({ done: 3, failed: 0 });
  });

  test("tells what failed beside what went well", async () => {
    const { run, runtime } = setUp();
    runtime.run = async ({ code }) => {
      if (code.includes('"bad"')) throw new SandboxFault("broke", true);
      return aReport("fine");
    };
    const { lines, ended } = run(batchOf("bad", "good"));
    await ended;
    expect(lines).toContainEqual({
      id: "bad",
      error: { code: "sandbox_failed", detail: expect.any(String), retryable: true, infra: true },
    });
    expect(lines.at(-1)).toEqual({ done: 1, failed: 1 });
  });
});

describe("an id", () => {
  test("leads to one execution over two submissions, one after the other", async () => {
    const { run, runtime } = setUp();
    const first = run(batchOf("a", "b"));
    await first.ended;
    const second = run(batchOf("b", "a", "c"));
    await second.ended;
    expect(runtime.made).toHaveLength(3);
    expect(executionsOf(second.lines)).toMatchObject(executionsOf(first.lines));
  });

  test("leads to one execution over two submissions at the same time", async () => {
    const { run, held } = setUp();
    const runs = held();
    const [first, second] = [run(batchOf("a", "b")), run(batchOf("a", "b"))];
    await settled();
    expect(runs.begun).toHaveLength(2);
    for (const { end } of runs.begun) await end();
    await Promise.all([first.ended, second.ended]);
    expect(executionsOf(second.lines)).toEqual(executionsOf(first.lines));
    expect(second.lines.at(-1)).toEqual({ done: 2, failed: 0 });
  });

  test("with another action is a conflict, of that item only", async () => {
    const { run } = setUp();
    await run(batchOf("a")).ended;
    const other = batchSchema.parse({
      items: [
        { id: "a", action: { code: "another" } },
        { id: "b", action: { code: "" } },
      ],
    });
    const { lines, ended } = run(other);
    await ended;
    expect(lines.find(({ id }) => id === "a")).toMatchObject({ error: { code: "conflict", infra: false } });
    expect(lines.at(-1)).toEqual({ done: 1, failed: 1 });
  });

  test("is each tenant's own", async () => {
    const { run, runtime } = setUp();
    const first = run(batchOf("a"));
    const second = run(batchOf("a"), { tenant: "other" });
    await Promise.all([first.ended, second.ended]);
    expect(runtime.made).toHaveLength(2);
    expect(executionsOf(second.lines)).not.toEqual(executionsOf(first.lines));
  });

  test("that failed is tried again by the next submission", async () => {
    const { run, runtime } = setUp();
    runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    await run(batchOf("a")).ended;
    runtime.run = async () => aReport("now");
    const { lines, ended } = run(batchOf("a"));
    await ended;
    expect(lines[0]).toMatchObject({ execution: { observation: { stdout: "now" } } });
  });

  test("that went down with an earlier process is done anew", async () => {
    const before = setUp();
    before.held();
    void before.run(batchOf("a"));
    await settled();
    const { run } = setUp({ stores: before.stores });
    const { lines, ended } = run(batchOf("a"));
    await ended;
    expect(lines).toMatchObject([{ execution: { status: "finished" } }, { done: 1, failed: 0 }]);
  });
});

describe("what a batch needs of the queue", () => {
  test("it waits for, so that a full service fails no item", async () => {
    const { run, held, clock, admission } = setUp({ atOnce: 8, maxRunning: 1, maxQueued: 0 });
    const runs = held();
    const { lines, ended } = run(batchOf("a", "b"));
    for (let turn = 1; turn <= 2; turn += 1) {
      await clock.advance(500);
      expect(runs.begun).toHaveLength(turn);
      expect(admission.running).toBe(1);
      await runs.last.end();
    }
    await clock.advance(500);
    await ended;
    expect(lines.at(-1)).toEqual({ done: 2, failed: 0 });
  });

  test("is refused for good by what no waiting mends", async () => {
    const { run, runtime } = setUp();
    runtime.availableImages = [];
    const { lines, ended } = run(batchOf("a"));
    await ended;
    expect(lines[0]).toMatchObject({ error: { code: "not_found" } });
  });
});

describe("a reader", () => {
  test("that stops taking lines keeps what has not begun from beginning", async () => {
    const { run, runtime } = setUp();
    const taken = Promise.withResolvers<void>();
    const { lines, ended } = run(batchOf("a", "b", "c", "d", "e"), { onLine: () => taken.promise });
    await settled();
    expect([runtime.made.length, lines.length]).toEqual([2, 2]);
    taken.resolve();
    await ended;
    expect(lines).toHaveLength(6);
  });

  test("that goes away keeps what has not begun from beginning, and what has goes on to its end", async () => {
    const { run, held, stores } = setUp();
    const runs = held();
    const gone = new AbortController();
    const { lines, ended } = run(batchOf("a", "b", "c"), { signal: gone.signal });
    await settled();
    gone.abort();
    for (const { end } of runs.begun) await end();
    await ended;
    expect(runs.begun).toHaveLength(2);
    expect(lines.filter(({ done }) => done !== undefined)).toEqual([]);
    expect(stores.executions.list("t", { limit: 9, status: "finished" }).items).toHaveLength(2);
  });

  test("that goes away while its items wait for the queue ends the wait", async () => {
    const { run, clock, executor } = setUp();
    executor.submit = async () => {
      throw new ServiceError("capacity_exhausted", "full");
    };
    const gone = new AbortController();
    const { ended } = run(batchOf("a"), { signal: gone.signal });
    await settled();
    gone.abort();
    await clock.advance(500);
    await ended;
    expect(clock.timers).toBe(0);
  });
});
