import { describe, expect, test } from "vitest";
import { ServiceError } from "../../../../src/domain/errors.ts";
import type { Session } from "../../../../src/engine/sessions/session.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { inSession, resultOf } from "./in-session.ts";

const never = new AbortController().signal;
const nothing = { seed: null, files: {} };

const setUp = async (settings: Parameters<typeof inSession>[0] = {}) => {
  const parts = await inSession(settings);
  const { session, sessions, runtime } = parts;
  const reset = (change = {}, of: Session = session) => sessions.reset(of, { ...nothing, ...change }, never);
  /** Creates wait until the returned function is called. */
  const hold = () => {
    const held = Promise.withResolvers<void>();
    runtime.beforeCreate = () => held.promise;
    return async () => {
      held.resolve();
      await settled();
    };
  };
  return { ...parts, reset, hold };
};

describe("a reset", () => {
  test("puts another sandbox under the same id, and counts anew", async () => {
    const { id, session, reset, submit, runs, runtime, sandbox, stores, admission } = await setUp({
      spec: { env: { A: "1" }, seed: 1 },
    });
    await submit();
    await runs.last.end(aReport("", { interpreter: 3 }));
    const view = await reset({ seed: 7, files: { "in.txt": "x" } });
    const next = runtime.made[1];
    expect(view).toMatchObject({
      id,
      sandboxId: next?.sandboxId,
      sequence: 0,
      interpreter: 1,
      resets: 1,
      seed: 7,
      state: "idle",
    });
    expect(next?.session).toMatchObject({ env: { A: "1" }, seed: 7 });
    expect(next?.files.nodes.get("in.txt")).toMatchObject({ content: Buffer.from("x") });
    expect([sandbox.destroyed, next?.destroyed]).toEqual([true, false]);
    expect(stores.sessions.live()).toMatchObject([
      { containerId: next?.containerId, session: { resets: 1 } },
    ]);
    expect(admission.of("t").sandboxes).toBe(1);
    const live = await submit();
    await runs.last.end();
    expect((await resultOf(live)).session?.sequence).toBe(1);
    expect(next?.runs).toBe(1);
    expect(session.view().state).toBe("idle");
  });

  test("cancels what runs and what waits first", async () => {
    const { submit, reset, runs } = await setUp();
    const lives = [await submit(), await submit()];
    await reset();
    for (const live of lives) {
      expect(await resultOf(live)).toMatchObject({ observation: { outcome: "cancelled" } });
    }
    expect(runs.begun).toHaveLength(1);
  });

  test("that can't have another sandbox leaves the old one as it was, but for what was cancelled", async () => {
    const { session, submit, reset, runtime, runs, sandbox } = await setUp();
    await submit();
    await runs.last.end();
    const before = session.view();
    runtime.onCreate = (made) => {
      made.refusal = new ServiceError("sandbox_failed", "broke");
    };
    await expect(reset({ seed: 9 })).rejects.toMatchObject({ code: "sandbox_failed" });
    expect(session.view()).toEqual(before);
    expect([sandbox.destroyed, runtime.made[1]?.destroyed]).toEqual([false, true]);
    const live = await submit();
    await runs.last.end();
    expect((await resultOf(live)).session?.sequence).toBe(2);
    expect(sandbox.runs).toBe(2);
  });

  test("that can't be stored leaves the old sandbox as it was, and none behind", async () => {
    const { session, reset, runtime, sandbox, stores } = await setUp();
    const before = session.view();
    stores.sessions.full = true;
    await expect(reset({ seed: 9 })).rejects.toMatchObject({ code: "store_unavailable" });
    stores.sessions.full = false;
    expect(session.view()).toEqual(before);
    expect([sandbox.destroyed, runtime.made[1]?.destroyed]).toEqual([false, true]);
    // The old one is still watched.
    sandbox.die();
    await settled();
    expect(session.view().state).toBe("ended");
  });

  test("with files that the policy doesn't allow changes nothing", async () => {
    const { session, submit, reset, runs } = await setUp();
    const live = await submit();
    await expect(reset({ files: { a: "", "a/b": "" } })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ field: 'files["a"]' }],
    });
    expect(session.view().state).toBe("busy");
    await runs.last.end();
    expect(await resultOf(live)).toMatchObject({ observation: { outcome: "ok" } });
  });

  test("whose caller goes away leaves the old sandbox", async () => {
    const { session, sessions, hold, sandbox, submit, runs } = await setUp();
    const release = hold();
    const gone = new AbortController();
    const resetting = sessions.reset(session, nothing, gone.signal);
    const refused = expect(resetting).rejects.toThrow();
    await settled();
    gone.abort();
    await refused;
    await release();
    expect(sandbox.destroyed).toBe(false);
    await submit();
    await runs.last.end();
    expect(sandbox.runs).toBe(1);
  });
});

describe("while a session is being reset", () => {
  test("it says so, and refuses whatever would be lost with the old sandbox", async () => {
    const { session, hold, reset, submit } = await setUp();
    const release = hold();
    const resetting = reset();
    await settled();
    expect(session.view().state).toBe("resetting");
    await expect(submit()).rejects.toMatchObject({ code: "conflict" });
    expect(() => session.files()).toThrow(expect.objectContaining({ code: "conflict" }));
    expect(() => session.cancel()).toThrow(expect.objectContaining({ code: "conflict" }));
    await release();
    await resetting;
    expect(session.view().state).toBe("idle");
  });

  test("a second reset is a conflict, and the first goes on", async () => {
    const { hold, reset, runtime } = await setUp();
    const release = hold();
    const first = reset();
    await settled();
    await expect(reset()).rejects.toMatchObject({ code: "conflict" });
    await release();
    expect((await first).resets).toBe(1);
    expect(runtime.made).toHaveLength(2);
  });

  test("its idle time doesn't pass", async () => {
    const { session, hold, reset, clock } = await setUp({ spec: { idleMs: 1000 } });
    const release = hold();
    const resetting = reset();
    for (let turn = 0; turn < 5; turn += 1) await clock.advance(1000);
    await release();
    expect((await resetting).state).toBe("idle");
    expect(session.view().state).toBe("idle");
  });

  test("an end ends it, and neither sandbox is left", async () => {
    const { session, hold, reset, runtime, sandbox, admission } = await setUp();
    const release = hold();
    const refused = expect(reset()).rejects.toMatchObject({ code: "session_ended" });
    await settled();
    const ended = session.end("closed");
    await release();
    await refused;
    await ended;
    expect([sandbox.destroyed, runtime.made[1]?.destroyed]).toEqual([true, true]);
    expect(admission.of("t").sandboxes).toBe(0);
  });

  test("the old sandbox's end ends the session", async () => {
    const { session, hold, reset, runtime, sandbox } = await setUp();
    const release = hold();
    const refused = expect(reset()).rejects.toMatchObject({ code: "session_ended" });
    await settled();
    sandbox.die();
    await settled();
    await release();
    await refused;
    expect(session.view().termination?.reason).toBe("killed");
    expect(runtime.made[1]?.destroyed).toBe(true);
  });
});

test("after a reset the old sandbox's end is nobody's, and the new one's is the session's", async () => {
  const { session, reset, runtime } = await setUp();
  await reset();
  await settled();
  expect(session.view().state).toBe("idle");
  runtime.made[1]?.die();
  await settled();
  expect(session.view().state).toBe("ended");
});
