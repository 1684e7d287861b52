import { describe, expect, test } from "vitest";
import { createExecutionId } from "../../../../src/domain/ids.ts";
import { Replays } from "../../../../src/engine/receipts/replays.ts";
import { anAction, anImage, aPolicy } from "../../../support/builders.ts";
import { anEngine, type Engine } from "../../../support/engine.ts";
import { aReport, HeldRuns } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";

const setUp = (settings: Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine(settings);
  const { executor, ledger, stores, catalog } = engine;
  const asked: string[] = [];
  const assertMayRun = (tenant: string) => void asked.push(tenant);
  const replays = new Replays({ executor, ledger, store: stores.executions, catalog, assertMayRun });
  const replay = (
    original = "exe_1",
    visibleTo: string | undefined = "t",
    signal = new AbortController().signal,
  ) => replays.replay(visibleTo, original, { id: createExecutionId(1), actor: null, signal });
  return { ...engine, replay, replays, asked };
};

const run = async (engine: Engine, change: Parameters<typeof anAction>[0] = {}, more = {}) =>
  await (await engine.executor.submit(anAction(change), { tenant: "t", id: "exe_1", ...more })).result;

describe("a replay", () => {
  test("asks for the same again, as the same tenant, and finds it the same", async () => {
    const parts = setUp();
    const requests: unknown[] = [];
    const { run: answer } = parts.runtime;
    parts.runtime.run = async ({ id: _, ...request }, options) => {
      requests.push(request);
      return await answer({ id: "", ...request }, options);
    };
    const traceparent = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    const files = { "a.txt": "x", b: { base64: "/w==" } };
    await run(
      parts,
      { files, env: { A: "1" }, seed: 3, limits: { wallMs: 50 } },
      { traceparent, live: true },
    );
    const told = await parts.replay("exe_1", undefined);
    expect(told).toMatchObject({ original: "exe_1", same: true, differences: [] });
    expect(requests[1]).toEqual(requests[0]);
    expect(parts.asked).toEqual(["t"]);
    expect(JSON.parse(parts.stores.executions.find("t", told.replayed) ?? "")).toMatchObject({
      status: "finished",
    });
  });

  test("names each thing that came out otherwise; what is long by its hash", async () => {
    const parts = setUp();
    const first = aReport("1\n");
    first.outputs.files = [
      { path: "same", content: Buffer.from("x") },
      { path: "gone", content: Buffer.from("x") },
    ];
    parts.runtime.run = async () => first;
    await run(parts);
    const second = aReport("x".repeat(1000), {
      exitCode: 1,
      reported: { exception: "KeyError", errno: null },
    });
    second.stderr = Buffer.from("trace");
    second.outputs.files = [{ path: "same", content: Buffer.from("x") }];
    parts.runtime.run = async () => second;
    const { same, differences } = await parts.replay();
    expect(same).toBe(false);
    expect(differences).toEqual([
      { field: "outcome", original: "ok", replayed: "exception" },
      { field: "exitCode", original: "0", replayed: "1" },
      { field: "exception", original: "none", replayed: "KeyError" },
      { field: "stdout", original: "1\n", replayed: expect.stringMatching(/^sha256:/) },
      { field: "stderr", original: "", replayed: "trace" },
      { field: 'outputs.files["gone"]', original: expect.stringMatching(/^sha256:/), replayed: null },
    ]);
  });

  test("doesn't care how long it took, or where it ran", async () => {
    const parts = setUp();
    let times = 0;
    parts.runtime.run = async () => {
      times += 10;
      return aReport("1\n", { wallMs: times, cpuMs: times, memoryPeakBytes: times });
    };
    await run(parts);
    expect((await parts.replay()).same).toBe(true);
  });

  test("whose caller goes away is cancelled", async () => {
    const parts = setUp();
    await run(parts);
    parts.runtime.run = new HeldRuns().run;
    const gone = new AbortController();
    const told = parts.replay("exe_1", "t", gone.signal);
    await settled();
    gone.abort();
    expect((await told).differences).toContainEqual({
      field: "outcome",
      original: "ok",
      replayed: "cancelled",
    });
  });
});

describe("is refused where it would prove nothing:", () => {
  test("another policy by now, with both digests", async () => {
    const before = setUp();
    await run(before);
    const other = setUp({ stores: before.stores, policies: [aPolicy({ digest: "sha256:new" })] });
    await expect(other.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`default (${aPolicy().digest}); loaded is sha256:new`),
    });
    const none = setUp({ stores: before.stores, policies: [] });
    await expect(none.replay()).rejects.toMatchObject({ code: "conflict" });
    expect(other.runtime.creates + none.runtime.creates).toBe(0);
  });

  test("another image by now, with both digests", async () => {
    const before = setUp();
    await run(before);
    const other = setUp({ stores: before.stores });
    other.runtime.availableImages = [anImage({ digest: "sha256:new" })];
    await expect(other.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining(`python (${anImage().digest}); in use is sha256:new`),
    });
    const none = setUp({ stores: before.stores });
    none.runtime.availableImages = [];
    await expect(none.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("none"),
    });
  });

  test("an action that its policy keeps out of the store, of which there is nothing", async () => {
    const parts = setUp({ policies: [aPolicy({ redaction: { drop: ["action"] } })] });
    await run(parts);
    expect(parts.stores.executions.submission("t", "exe_1")).toBeUndefined();
    await expect(parts.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("not kept"),
    });
  });

  test("input that was fed while it ran", async () => {
    const parts = setUp();
    await run(parts, { keepStdin: true });
    await expect(parts.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("fed"),
    });
  });

  test("an execution in a session", async () => {
    const parts = setUp();
    const { session } = await parts.aSession();
    const action = {
      code: "x",
      stdin: "",
      args: [],
      env: {},
      outputs: [],
      limits: {},
      keepStdin: false,
      fresh: false,
    };
    await session.submit(action, { id: "exe_1" }).result;
    await expect(parts.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("session"),
    });
  });

  test("one that runs, that failed, that isn't there, or is another tenant's", async () => {
    const parts = setUp();
    const runs = new HeldRuns();
    parts.runtime.run = runs.run;
    const live = await parts.executor.submit(anAction(), { tenant: "t", id: "exe_1" });
    await settled();
    await expect(parts.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("not ended"),
    });
    await expect(parts.replay("exe_2")).rejects.toMatchObject({ code: "not_found" });
    await expect(parts.replay("exe_1", "other")).rejects.toMatchObject({ code: "not_found" });
    await runs.last.fail(new Error("broke"));
    await expect(live.result).rejects.toThrow();
    await expect(parts.replay()).rejects.toMatchObject({
      code: "conflict",
      message: expect.stringContaining("failed"),
    });
  });
});
