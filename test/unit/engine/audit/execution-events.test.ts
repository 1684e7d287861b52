import { describe, expect, test } from "vitest";
import { newSessionSchema } from "../../../../src/domain/session.ts";
import { observe } from "../../../../src/engine/executions/observe.ts";
import { anAction, anAsk } from "../../../support/builders.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";
import { aHead } from "../../store/records.ts";

const actor = { keyId: "key_1", role: "submitter" };
const timings = { queuedMs: 0, acquireMs: 0, runMs: 1, totalMs: 1 };
const auditFull = expect.objectContaining({ code: "audit_unavailable" });

describe("an execution", () => {
  test("is recorded before it runs, with who asked, and before it is answered, with how it ended", async () => {
    const { executor, audit, runtime } = anEngine();
    runtime.run = async () => {
      expect(audit.types).toEqual(["execution.accepted"]);
      return aReport("", { exitCode: 3 });
    };
    const live = await executor.submit(anAction(), { tenant: "t", actor, id: "exe_1" });
    await live.result.then(() => expect(audit.types).toEqual(["execution.accepted", "execution.finished"]));
    expect(audit.events).toMatchObject([
      { tenant: "t", actor, subject: { execution: "exe_1" }, data: { kind: "script", policy: "default" } },
      { tenant: "t", actor: null, data: { outcome: "nonzero_exit", exitCode: 3, deniedCalls: 0 } },
    ]);
    expect(audit.events[1]?.data["receipt"]).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  test("does not run where that can't be recorded", async () => {
    const { executor, audit, runtime, stores, ledger, admission } = anEngine();
    audit.full = true;
    await expect(executor.submit(anAction(), { tenant: "t", id: "exe_1" })).rejects.toEqual(auditFull);
    await settled();
    expect(runtime.made).toEqual([]);
    expect(stores.executions.find("t", "exe_1")).toBeUndefined();
    expect(ledger.find("t", "exe_1")).toBeUndefined();
    expect(admission.running + admission.queued).toBe(0);
  });

  test("that the store refuses is on record as failed", () => {
    const { ledger, audit, stores } = anEngine();
    stores.executions.full = true;
    expect(() => ledger.begin("t", aHead("exe_1"), "", anAsk())).toThrow("can't be written");
    expect(audit.types).toEqual(["execution.accepted", "execution.failed"]);
    expect(audit.events[1]?.data).toMatchObject({ code: "store_unavailable" });
  });

  test.each(["log", "store"] as const)(
    "whose end the %s refuses is not answered, and has one end on record",
    async (which) => {
      const { ledger, audit, stores, late } = anEngine();
      const live = ledger.begin("t", aHead("exe_1"), "", anAsk());
      const full = (on: boolean) => {
        if (which === "log") audit.full = on;
        else stores.executions.full = on;
      };
      full(true);
      ledger.finish(live, observe(aReport("1\n")), timings);
      const code = which === "log" ? "audit_unavailable" : "store_unavailable";
      await expect(live.result).rejects.toMatchObject({ code });
      late.retry();
      expect(JSON.parse(stores.executions.find("t", "exe_1") ?? "")).toMatchObject({ status: "queued" });
      full(false);
      late.retry();
      late.retry();
      expect(audit.of("execution.finished")).toHaveLength(1);
      expect(JSON.parse(stores.executions.find("t", "exe_1") ?? "")).toMatchObject({ status: "finished" });
    },
  );

  test("names the calls that it was denied, so many at most", () => {
    const { ledger, audit } = anEngine();
    const live = ledger.begin("t", aHead("exe_1"), "", anAsk());
    const calls = Array.from({ length: 40 }, (_, i) => ({
      call: `call${i % 20}`,
      argument: `0x${i}`,
      count: 2,
      rule: "x",
    }));
    const denied = { reportedBy: "launcher" as const, total: 80, calls, truncated: false };
    ledger.finish(live, { ...observe(aReport("")), denied }, timings);
    expect(audit.types).toEqual(["execution.accepted", "execution.denied", "execution.finished"]);
    const { data } = audit.events[1] ?? { data: {} };
    expect(data).toMatchObject({ total: 80, kinds: 20, "call.call0": 4 });
    expect(Object.keys(data)).toHaveLength(18);
  });

  test("names what only an escape needs however many other kinds there were, and however seldom", () => {
    const { ledger, audit } = anEngine();
    const live = ledger.begin("t", aHead("exe_1"), "", anAsk());
    const decoys = Array.from({ length: 40 }, (_, i) => ({
      call: `call${i}`,
      argument: "0x0",
      count: 9,
      rule: "x",
    }));
    const calls = [...decoys, { call: "ptrace", argument: "0x10", count: 1, rule: "x" }];
    const denied = { reportedBy: "launcher" as const, total: 361, calls, truncated: false };
    ledger.finish(live, { ...observe(aReport("")), denied }, timings);
    const [event] = audit.of("execution.denied");
    expect(event?.data).toMatchObject({ kinds: 41, "call.ptrace": 1, "call.call0": 9 });
    expect(Object.keys(event?.data ?? {})).toHaveLength(18);
  });

  test("that the policy does not allow is recorded as denied", async () => {
    const { executor, audit } = anEngine();
    const asked = executor.submit(anAction({ image: "other" }), { tenant: "t", actor, id: "exe_1" });
    await expect(asked).rejects.toMatchObject({ code: "policy_denied" });
    expect(audit.events).toMatchObject([{ type: "policy.denied", tenant: "t", actor }]);
  });
});

describe("a session", () => {
  test("is recorded when it opens, is reset and ends, with the reason", async () => {
    const { aSession, sessions, audit } = anEngine();
    const { session } = await aSession();
    await sessions.reset(session, { seed: null, files: {} }, new AbortController().signal, actor);
    await sessions.close("t", session.id, actor);
    expect(audit.events).toMatchObject([
      { type: "session.opened", tenant: "t", subject: { session: session.id } },
      { type: "session.reset", actor },
      { type: "session.ended", actor, data: { reason: "closed" } },
    ]);
    const [opened, reset] = audit.events;
    expect(reset?.subject["sandbox"]).not.toBe(opened?.subject["sandbox"]);
  });

  test("does not open where that can't be recorded, and leaves no sandbox", async () => {
    const { sessions, audit, runtime, late } = anEngine();
    audit.full = true;
    const signal = new AbortController().signal;
    const made = sessions.create(newSessionSchema.parse({}), { tenant: "t", id: "ses_1" }, signal);
    await expect(made).rejects.toEqual(auditFull);
    expect(runtime.made.map(({ destroyed }) => destroyed)).toEqual([true]);
    audit.full = false;
    late.retry();
    expect(sessions.count).toBe(0);
  });

  test("that can't be recorded as reset goes on as it was", async () => {
    const { aSession, sessions, audit } = anEngine();
    const { session, sandbox } = await aSession();
    audit.full = true;
    const reset = sessions.reset(session, { seed: null, files: {} }, new AbortController().signal, actor);
    await expect(reset).rejects.toEqual(auditFull);
    expect(session.view()).toMatchObject({ sandboxId: sandbox.sandboxId, resets: 0 });
    expect(sandbox.destroyed).toBe(false);
  });

  test("that ends while the log is full has its end on record as soon as that can be", async () => {
    const { aSession, audit, late, sessions } = anEngine();
    const { session } = await aSession();
    audit.full = true;
    await sessions.close("t", session.id);
    late.retry();
    audit.full = false;
    late.retry();
    late.retry();
    expect(audit.of("session.ended")).toHaveLength(1);
  });
});
