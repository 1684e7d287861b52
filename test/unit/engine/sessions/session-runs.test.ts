import { describe, expect, test } from "vitest";
import { InputsRefused, SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession, resultOf, submitTo } from "./in-session.ts";

const crashed = { exitCode: null, signal: 11, endedBy: "process", interpreter: 1, stateLost: true } as const;

describe("the executions of a session", () => {
  test("run one at a time, in the order in which they came", async () => {
    const { session, submit, runs } = await inSession();
    const lives = [await submit(), await submit(), await submit()];
    for (let turn = 1; turn <= 3; turn += 1) {
      expect(runs.ids).toEqual(lives.slice(0, turn).map(({ id }) => id));
      expect(session.view()).toMatchObject({ state: "busy", queued: 3 - turn });
      await runs.last.end();
    }
    expect(session.view()).toMatchObject({ state: "idle", queued: 0, sequence: 3 });
    expect((await Promise.all(lives.map(resultOf))).map((one) => one.session?.sequence)).toEqual([1, 2, 3]);
  });

  test("tell in which session and interpreter they ran, and are forgotten by the launcher once stored", async () => {
    const { id, submit, runs, sandbox } = await inSession();
    const cell = await submit();
    await runs.last.end(aReport("", { interpreter: 1, endedBy: "interpreter" }));
    expect((await resultOf(cell)).session).toEqual({ id, sequence: 1, interpreter: 1, stateLost: false });
    const fresh = await submit({ code: "", fresh: true });
    await runs.last.end(aReport("", { interpreter: 0 }));
    expect((await resultOf(fresh)).session).toEqual({ id, sequence: 2, interpreter: 0, stateLost: false });
    expect(sandbox.forgotten).toEqual([cell.id, fresh.id]);
  });

  test("name what was run by its hash", async () => {
    const { submit, runs, record } = await inSession();
    const [cell, command] = [await submit({ code: "1" }), await submit({ argv: ["ls"] })];
    expect(record(cell.id)).toMatchObject({ action: { kind: "cell" } });
    expect(record(command.id)).toMatchObject({ action: { kind: "command" } });
    expect(record(cell.id)?.action.sha256).not.toBe(record(command.id)?.action.sha256);
    await runs.last.end();
  });

  test("wait for a place in the service too, and give it back", async () => {
    const { session, submit, runs, aSession, admission, clock } = await inSession({ maxRunning: 1 });
    const neighbour = await aSession();
    await submit();
    submitTo(neighbour.session, clock.now());
    await settled();
    expect(runs.begun).toHaveLength(1);
    expect(neighbour.session.view()).toMatchObject({ state: "busy", queued: 0 });
    await runs.last.end();
    expect(runs.begun).toHaveLength(2);
    await runs.last.end();
    expect([admission.running, admission.queued]).toEqual([0, 0]);
    expect(session.view().state).toBe("idle");
  });

  test("above the queue are refused, and leave nothing behind", async () => {
    const { session, submit, stores } = await inSession({ maxQueued: 1 });
    await submit();
    await submit();
    await expect(submit()).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(session.view()).toMatchObject({ sequence: 2, queued: 1 });
    expect(stores.executions.list("t", { limit: 9 }).items).toHaveLength(2);
  });

  test("are refused with the fields that the policy doesn't allow", async () => {
    const { session, submit } = await inSession();
    await expect(submit({ code: "", limits: { wallMs: 999_999 } })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ field: "limits.wallMs" }],
    });
    expect(session.view().sequence).toBe(0);
  });

  test("that can't be stored are not accepted, and hold no place", async () => {
    const { session, submit, stores, admission } = await inSession();
    stores.executions.full = true;
    await expect(submit()).rejects.toMatchObject({ code: "store_unavailable" });
    expect(session.view()).toMatchObject({ sequence: 0, state: "idle" });
    expect(admission.queued).toBe(0);
  });

  test("whose end can't be stored fail, and the session goes on", async () => {
    const { session, submit, runs, stores } = await inSession();
    const live = await submit();
    stores.executions.full = true;
    await runs.last.end();
    await expect(live.result).rejects.toMatchObject({ code: "store_unavailable" });
    stores.executions.full = false;
    const next = await submit();
    await runs.last.end();
    expect((await resultOf(next)).session?.sequence).toBe(2);
    expect(session.view().state).toBe("idle");
  });

  test("whose session can't be stored fail: nobody would know which interpreter has the state", async () => {
    const { submit, runs, stores } = await inSession();
    const live = await submit();
    stores.sessions.full = true;
    await runs.last.end();
    await expect(live.result).rejects.toMatchObject({ code: "store_unavailable" });
  });

  test("that the sandbox breaks under fail, and those that wait have their turn", async () => {
    const { submit, runs } = await inSession();
    const [broken, refused, fine] = [await submit(), await submit(), await submit()];
    await runs.last.fail(new SandboxFault("broke", true));
    await runs.last.fail(new InputsRefused("too many"));
    await runs.last.end();
    await expect(broken.result).rejects.toMatchObject({ code: "sandbox_failed" });
    await expect(refused.result).rejects.toMatchObject({ code: "invalid_request" });
    expect(await resultOf(fine)).toMatchObject({ observation: { outcome: "ok" } });
  });
});

describe("an interpreter that is lost", () => {
  test("ends its execution with its outcome, and the next one has another, flagged", async () => {
    const { session, submit, runs } = await inSession();
    const crash = await submit();
    await runs.last.end(aReport("", crashed));
    expect(await resultOf(crash)).toMatchObject({
      session: { interpreter: 1, stateLost: true },
      observation: { outcome: "signalled" },
    });
    expect(session.view()).toMatchObject({ interpreter: 2, state: "idle" });
    const next = await submit();
    expect(next.record().session).toMatchObject({ interpreter: 2, stateLost: false });
    await runs.last.end(aReport("", { interpreter: 2 }));
    expect(session.view().interpreter).toBe(2);
  });

  test("is told to those that waited for it before they begin", async () => {
    const { submit, runs } = await inSession();
    await submit();
    const [waiting, fresh] = [await submit(), await submit({ code: "", fresh: true })];
    await runs.last.end(aReport("", crashed));
    expect(waiting.record()).toMatchObject({ status: "running", session: { interpreter: 2 } });
    await runs.last.end(aReport("", { interpreter: 2 }));
    expect(fresh.record()).toMatchObject({ status: "running", session: { interpreter: 0 } });
  });

  test("is noticed where it went between two runs", async () => {
    const { session, submit, runs } = await inSession();
    const live = await submit();
    await runs.last.end(aReport("", { interpreter: 4 }));
    expect((await resultOf(live)).session).toMatchObject({ interpreter: 4, stateLost: false });
    expect(session.view().interpreter).toBe(4);
  });

  test("by a process of its own counts too", async () => {
    const { session, submit, runs } = await inSession();
    await submit({ argv: ["memory-hog"] });
    await runs.last.end(aReport("", { interpreter: 0, stateLost: true }));
    expect(session.view().interpreter).toBe(2);
  });

  test("with its whole sandbox is state lost as well", async () => {
    const { submit, runs } = await inSession();
    const live = await submit();
    await runs.last.end({ ...aReport(), end: { kind: "lost", cause: "memory", wallMs: 3 } });
    expect(await resultOf(live)).toMatchObject({
      session: { stateLost: true },
      observation: { outcome: "memory_limit" },
    });
  });
});

describe("interrupt and cancel", () => {
  test("reach the run that runs", async () => {
    const { session, submit, runs, sandbox } = await inSession();
    const [running] = [await submit(), await submit()];
    session.interrupt();
    expect(sandbox.interrupted).toEqual([running.id]);
    session.cancel();
    await settled();
    expect(await resultOf(running)).toMatchObject({
      session: { stateLost: true },
      observation: { outcome: "cancelled" },
    });
    expect(runs.begun).toHaveLength(2);
    expect(session.view()).toMatchObject({ state: "busy", interpreter: 2 });
  });

  test.each(["interrupt", "cancel"] as const)("%s is a conflict while nothing runs", async (name) => {
    const { session, submit, runs } = await inSession();
    expect(() => session[name]()).toThrow(expect.objectContaining({ code: "conflict" }));
    await submit();
    await runs.last.end();
    expect(() => session[name]()).toThrow(expect.objectContaining({ code: "conflict" }));
  });

  test("of one that waits ends it at once, and it never runs", async () => {
    const { session, submit, runs, admission } = await inSession();
    const [running, waiting, last] = [await submit(), await submit(), await submit()];
    waiting.cancel();
    expect(await resultOf(waiting)).toMatchObject({
      session: { sequence: 2, stateLost: false },
      observation: { outcome: "cancelled", stdout: "" },
    });
    expect(session.view()).toMatchObject({ queued: 1, state: "busy" });
    expect(admission.queued).toBe(1);
    await runs.last.end();
    await runs.last.end();
    expect(runs.ids).toEqual([running.id, last.id]);
    expect((await resultOf(last)).session?.sequence).toBe(3);
  });

  test("of one that waits for a place in the service ends it, and it never runs", async () => {
    const { session, submit, runs, aSession, clock, admission } = await inSession({ maxRunning: 1 });
    const neighbour = await aSession();
    submitTo(neighbour.session, clock.now());
    await settled();
    const live = await submit();
    expect(() => session.cancel()).toThrow("Nothing runs");
    live.cancel();
    expect(await resultOf(live)).toMatchObject({ observation: { outcome: "cancelled" } });
    expect(runs.begun).toHaveLength(1);
    await settled();
    expect(admission.queued).toBe(0);
    expect(session.view().state).toBe("idle");
  });

  test("of one that waits where its end can't be stored fails it", async () => {
    const { submit, stores } = await inSession();
    await submit();
    const waiting = await submit();
    stores.executions.full = true;
    waiting.cancel();
    await expect(waiting.result).rejects.toMatchObject({ code: "store_unavailable" });
  });
});
