import { describe, expect, test } from "vitest";
import { controlNames } from "../../../../src/domain/controls.ts";
import { ServiceError } from "../../../../src/domain/errors.ts";
import { type Receipt, receiptSchema } from "../../../../src/domain/receipt.ts";
import { SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { adoptSessions } from "../../../../src/engine/sessions/adopt-sessions.ts";
import { hashOf, sha256 } from "../../../../src/integrity/hash.ts";
import { parseReceipt, verifyReceipt } from "../../../../src/integrity/receipt.ts";
import { compareWithExecution } from "../../../../src/integrity/receipt-of.ts";
import { parseSigningKeys } from "../../../../src/integrity/signing-keys.ts";
import { anAction, anImage, aPolicy } from "../../../support/builders.ts";
import { anEngine, type Engine, shutDown } from "../../../support/engine.ts";
import { aReport, HeldRuns, someFacts } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";

/** The receipt in the store, after it was checked against the execution in the store. */
const receiptOf = ({ stores, signer }: Engine, id: string): Receipt => {
  const receipt = parseReceipt(stores.executions.receipt("t", id) ?? "");
  expect(verifyReceipt(receipt, parseSigningKeys(signer.publicKey))).toEqual({ valid: true });
  const execution = stores.executions.find("t", id) ?? "";
  expect(compareWithExecution(receipt.body, execution).filter(({ result }) => result !== "same")).toEqual([]);
  return receiptSchema.parse(receipt);
};

const submit = (engine: Engine, change: Parameters<typeof anAction>[0] = {}, id = "exe_1") =>
  engine.executor.submit(anAction(change), { tenant: "t", id, traceparent: "00-a-b-01" });

describe("the receipt of a script", () => {
  test("says what ran, under what, and what came of it", async () => {
    const engine = anEngine();
    const files = { "a.txt": "é", "b.bin": { base64: "/w==" } };
    const asked = {
      code: "print(1)",
      stdin: "in",
      args: ["x"],
      env: { A: "1" },
      files,
      outputs: ["*"],
      seed: 7,
    };
    await (await submit(engine, { ...asked, limits: { wallMs: 100 } })).result;
    const { body } = receiptOf(engine, "exe_1");
    const policy = aPolicy();
    expect(body).toMatchObject({
      execution: "exe_1",
      tenant: "t",
      session: null,
      action: { kind: "script", code: sha256("print(1)") },
      image: { name: "python", digest: anImage().digest },
      policy: { name: "default", digest: policy.digest },
      isolation: {
        tier: "container",
        runtime: "runc",
        host: someFacts().host,
        sandbox: engine.runtime.made[0]?.sandboxId,
      },
      limits: { ...policy.limits, wallMs: 100 },
      outcome: "ok",
      outputs: { stdout: sha256("1\n"), stderr: sha256("") },
    });
    expect(Object.keys(body.isolation.controls).sort()).toEqual([...controlNames].sort());
    // What the service adds to the run is no part of what was asked for.
    const hashes = { "a.txt": sha256("é"), "b.bin": sha256(Buffer.from([0xff])) };
    expect(body.action.inputs).toBe(
      hashOf({ stdin: "in", args: ["x"], env: { A: "1" }, files: hashes, outputs: ["*"], seed: 7 }),
    );
  });

  test("that was cancelled before it began names no sandbox and no control", async () => {
    const engine = anEngine({ maxRunning: 1 });
    engine.runtime.run = new HeldRuns().run;
    await submit(engine, {}, "exe_0");
    await settled();
    const waiting = await submit(engine);
    waiting.cancel();
    await waiting.result;
    const { body } = receiptOf(engine, "exe_1");
    expect(body).toMatchObject({ outcome: "cancelled", exitCode: null });
    expect(body.isolation).toMatchObject({ sandbox: "", controls: {}, host: { kernel: "" } });
  });

  test("that was cancelled between two sandboxes names neither", async () => {
    const engine = anEngine();
    engine.runtime.run = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new SandboxFault("broke", false))),
      );
    const live = await submit(engine);
    await settled();
    expect(live.running).toBe(true);
    live.cancel();
    await live.result;
    expect(receiptOf(engine, "exe_1").body.isolation.sandbox).toBe("");
  });

  test("that the service failed to carry through is not made", async () => {
    const engine = anEngine();
    engine.runtime.run = async () => {
      throw new SandboxFault("broke", true);
    };
    await expect((await submit(engine)).result).rejects.toBeInstanceOf(ServiceError);
    expect(engine.stores.executions.receipt("t", "exe_1")).toBeUndefined();
  });

  test("is stored with it, also where the store takes it late", async () => {
    const engine = anEngine();
    const runs = new HeldRuns();
    engine.runtime.run = runs.run;
    const live = await submit(engine);
    await settled();
    engine.stores.executions.full = true;
    await runs.last.end(aReport("late\n"));
    await expect(live.result).rejects.toMatchObject({ code: "store_unavailable" });
    expect(engine.stores.executions.receipt("t", "exe_1")).toBeUndefined();
    const ended = engine.clock.now();
    await engine.clock.advance(60_000);
    engine.stores.executions.full = false;
    engine.late.retry();
    const { body } = receiptOf(engine, "exe_1");
    expect(body.outputs.stdout).toBe(sha256("late\n"));
    expect(Date.parse(body.finishedAt)).toBe(ended);
  });
});

describe("the receipt in a session", () => {
  test("names session, turn and interpreter; its seed is the session's", async () => {
    const engine = anEngine();
    const { id, session } = await engine.aSession({ seed: 5, env: { HERE: "1" } });
    engine.runtime.run = async () => aReport("", { interpreter: 1, endedBy: "interpreter" });
    const action = {
      code: "x = 1",
      stdin: "",
      args: [],
      env: {},
      outputs: [],
      limits: {},
      keepStdin: false,
      fresh: false,
    };
    await session.submit(action, { id: "exe_1" }).result;
    await session.submit({ ...action, code: undefined, argv: ["ls", "-l"] }, { id: "exe_2" }).result;
    expect(receiptOf(engine, "exe_1").body).toMatchObject({
      session: { id, sequence: 1, interpreter: 1 },
      action: {
        kind: "cell",
        code: sha256("x = 1"),
        inputs: hashOf({ stdin: "", args: [], env: {}, files: {}, outputs: [], seed: 5 }),
      },
      isolation: { sandbox: session.view().sandboxId, controls: someFacts().controls },
    });
    expect(receiptOf(engine, "exe_2").body).toMatchObject({
      session: { id, sequence: 2 },
      action: { kind: "command", code: sha256('["ls","-l"]') },
    });
  });

  test("that went on over a restart still says what the process before saw of its sandbox", async () => {
    const before = anEngine();
    const { session, sandbox } = await before.aSession();
    before.runtime.run = new HeldRuns().run;
    const action = {
      code: "x",
      stdin: "",
      args: [],
      env: { A: "1" },
      outputs: [],
      limits: {},
      keepStdin: false,
      fresh: false,
    };
    session.submit(action, { id: "exe_1" });
    await settled();
    session.release(shutDown);
    const after = anEngine({ stores: before.stores, clock: before.clock });
    after.runtime.refs = [
      {
        sandboxId: sandbox.sandboxId,
        containerId: sandbox.containerId,
        instance: "i",
        running: true,
        createdAt: 0,
      },
    ];
    after.runtime.onAdopt = (adopted) => adopted.known.set("exe_1", aReport("2\n", { interpreter: 1 }));
    expect(await adoptSessions(after.adoption)).toMatchObject({ adopted: 1, lostExecutions: 0 });
    await settled();
    const { body } = receiptOf(after, "exe_1");
    expect(body).toMatchObject({
      action: {
        inputs: hashOf({ stdin: "", args: [], env: { A: "1" }, files: {}, outputs: [], seed: null }),
      },
      isolation: { ...someFacts(), sandbox: sandbox.sandboxId },
      outputs: { stdout: sha256("2\n") },
    });
  });
});
