import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { ExecutionHead } from "../../../../src/domain/execution.ts";
import { type ExecutionEvent, executionEventSchemas } from "../../../../src/domain/execution-event.ts";
import type { Ledger } from "../../../../src/engine/executions/ledger.ts";
import type { LiveExecution } from "../../../../src/engine/executions/live-execution.ts";
import { neverBegan, observe } from "../../../../src/engine/executions/observe.ts";
import { replay } from "../../../../src/engine/executions/replay.ts";
import { StoredRecord } from "../../../../src/engine/executions/stored-record.ts";
import type { RunEvent } from "../../../../src/engine/ports/runtime.ts";
import type { StoredExecution, Timeline } from "../../../../src/engine/ports/stores.ts";
import { anAsk } from "../../../support/builders.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { aHead } from "../../store/records.ts";
import { chunk } from "./arbitraries.ts";

const timings = { queuedMs: 1, acquireMs: 0, runMs: 2.0004, totalMs: 3 };
const ID = "exe_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0";

/** What the live feed told, and how the store tells it again. */
const follow = async (head: ExecutionHead, carry: (ledger: Ledger, live: LiveExecution) => void) => {
  const { ledger, stores } = anEngine();
  const live = ledger.begin("t", head, "", anAsk());
  carry(ledger, live);
  const told: ExecutionEvent[] = [];
  for await (const event of live.feed.read(0, new AbortController().signal)) told.push(event);
  const again = (after: number) => {
    const stored = stores.executions.find("t", live.id);
    const timeline = stores.executions.timeline("t", live.id);
    if (stored === undefined || timeline === undefined) throw new Error("nothing is stored");
    return [...replay(new StoredRecord(stored, timeline), after)];
  };
  return { told, again };
};

/** As a run says it, with a report that agrees with what it said. */
const run = (events: RunEvent[], files: { path: string; content: Buffer }[] = []) => {
  const joined = (type: "stdout" | "stderr") =>
    Buffer.concat(events.flatMap((event) => (event.type === type ? event.data : [])));
  const report = {
    ...aReport(),
    stdout: joined("stdout"),
    stderr: joined("stderr"),
    results: events.flatMap((event) => (event.type === "result" ? event.result : [])),
    outputs: { files, skipped: [] },
  };
  return (ledger: Ledger, live: LiveExecution) => {
    ledger.tell(live, { type: "started" });
    for (const event of events) ledger.tell(live, event);
    ledger.finish(live, observe(report), timings);
  };
};

const output = fc
  .tuple(fc.constantFrom("stdout" as const, "stderr" as const), chunk)
  .map(([type, data]): RunEvent => ({ type, data }));

const form = fc.record({
  mime: fc.constantFrom("text/plain", "text/html", "image/png", "image/svg+xml", "application/json"),
  data: chunk,
  truncated: fc.boolean(),
});
const result = fc
  .uniqueArray(form, { maxLength: 3, selector: ({ mime }) => mime })
  .map((forms): RunEvent => ({ type: "result", result: { forms } }));

const file = fc.record({ path: fc.constantFrom("a.txt", "b/ü.bin", "c"), content: chunk });

const stdout = (data: Buffer | string): RunEvent => ({ type: "stdout", data: Buffer.from(data) });

describe("a finished execution is told again", () => {
  test("exactly as it was told live, after whichever event", async () => {
    const events = fc.array(fc.oneof({ weight: 5, arbitrary: output }, result), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(events, fc.array(file, { maxLength: 3 }), async (said, files) => {
        const { told, again } = await follow(aHead(ID), run(said, files));
        for (let after = 0; after <= told.length + 1; after += 1) {
          expect(again(after)).toEqual(told.slice(after));
        }
      }),
      { numRuns: 50 },
    );
  });

  test("with ids from 1, data as documented, and one end", async () => {
    const events = fc.array(fc.oneof(output, result), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(events, async (said) => {
        const { told } = await follow(aHead(ID), run(said, [{ path: "a", content: Buffer.from([255]) }]));
        expect(told.map(({ id }) => id)).toEqual(told.map((_, index) => index + 1));
        for (const { type, data } of told) executionEventSchemas[type].parse(JSON.parse(String(data)));
        expect(told.map(({ type }) => type).indexOf("finished")).toBe(told.length - 1);
      }),
      { numRuns: 50 },
    );
  });

  test("with the bytes that were written", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(output, { maxLength: 10 }), async (said) => {
        const { told } = await follow(aHead(ID), run(said));
        for (const stream of ["stdout", "stderr"] as const) {
          const written = said.flatMap((event) => (event.type === stream ? event.data : []));
          const read = told.filter(({ type }) => type === stream).map(({ data }) => bytesOf(String(data)));
          expect(Buffer.concat(read)).toEqual(Buffer.concat(written));
        }
      }),
    );
  });

  test.each([
    ["large text", "x".repeat(200_000)],
    ["text so full of control characters that it is stored as base64", "\u0001a".repeat(50_000)],
    ["large bytes of which the record's text is only a preview", Buffer.alloc(200_000, 0xfe)],
  ])("also %s", async (_, data) => {
    const { told, again } = await follow(aHead(ID), run([stdout(data), stdout("🐈")]));
    expect(again(0)).toEqual(told);
    expect(told.filter(({ type }) => type === "stdout")).toHaveLength(2);
  });

  test("also a run in a session that ended in another interpreter than it began in", async () => {
    const session = { id: "ses_1", sequence: 2, interpreter: 1, stateLost: false };
    const { told, again } = await follow(aHead(ID, { session }), (ledger, live) => {
      ledger.tell(live, { type: "started" });
      live.head.session = { ...session, interpreter: 3, stateLost: true };
      ledger.finish(live, observe(aReport()), timings);
    });
    expect(again(0)).toEqual(told);
    expect(JSON.parse(String(told[0]?.data))).toMatchObject({ execution: { session, status: "running" } });
  });

  test("also one that never began", async () => {
    const { told, again } = await follow(aHead(ID), (ledger, live) => {
      ledger.finish(live, neverBegan, timings);
    });
    expect(told.map(({ type }) => type)).toEqual(["finished"]);
    expect(again(0)).toEqual(told);
  });
});

test("all readers of one record are told the same memory", async () => {
  const result: RunEvent = { type: "result", result: { forms: [] } };
  const stored = await new Promise<StoredExecution>((resolve, reject) => {
    const { ledger } = anEngine();
    const live = ledger.begin("t", aHead(ID), "", anAsk());
    live.result.then(resolve, reject);
    run([result])(ledger, live);
  });
  const record = new StoredRecord(stored, "s0 r" as Timeline);
  const [one, other] = [[...replay(record, 0)], [...replay(record, 0)]];
  expect(one.map(({ type }) => type)).toEqual(["started", "result", "finished"]);
  for (const at of [1, 2]) expect(one[at]?.data).toBe(other[at]?.data);
  expect(record.json.buffer).toBe(record.finished.buffer);
  expect(record.json.toString()).toBe(stored);
});

test("of a failed one the error is what is left to tell, whatever was told before", () => {
  const error = { code: "sandbox_failed", detail: "broke", retryable: true, infra: true };
  const stored = JSON.stringify({ ...aHead(ID), status: "failed", error }) as StoredExecution;
  const again = (after: number) => [...replay(new StoredRecord(stored, undefined), after)];
  expect(again(0)).toEqual([{ id: 1, type: "error", data: JSON.stringify(error) }]);
  expect(again(7)).toEqual([{ id: 8, type: "error", data: JSON.stringify(error) }]);
});

const bytesOf = (data: string): Buffer => {
  const { text, base64 }: { text?: string; base64?: string } = JSON.parse(data);
  return text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
};
