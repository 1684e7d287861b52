import { describe, expect, test } from "vitest";
import type { ActionInput } from "../../../../src/domain/action.ts";
import type { Execution, ExecutionRecord } from "../../../../src/domain/execution.ts";
import { createExecutionId } from "../../../../src/domain/ids.ts";
import { InputsRefused, type RunRequest, SandboxFault } from "../../../../src/engine/ports/runtime.ts";
import { anAction, aPolicy } from "../../../support/builders.ts";
import { anEngine } from "../../../support/engine.ts";
import { aReport, HeldRuns } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";

const setUp = (settings: Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine({ maxRunning: 2, maxQueued: 2, ...settings });
  const { executor, stores, clock, ledger } = engine;
  const submit = (action: Partial<ActionInput> = {}, traceparent?: string) =>
    executor.submit(anAction(action), { tenant: "t", id: createExecutionId(clock.now()), traceparent });
  const execute = async (action: Partial<ActionInput> = {}): Promise<Execution> =>
    JSON.parse(await (await submit(action)).result);
  /** What is stored, newest first. */
  const saved = (): ExecutionRecord[] =>
    stores.executions
      .list("t", { limit: 100 })
      .items.map(({ id }) => JSON.parse(stores.executions.find("t", id) ?? ""));
  const held = () => {
    const runs = new HeldRuns();
    engine.runtime.run = runs.run;
    return runs;
  };
  return { ...engine, submit, execute, saved, held, find: (id: string) => ledger.find("t", id) };
};

describe("Executor", () => {
  test("runs an action, stores the execution and destroys the sandbox", async () => {
    const { leases, execute, runtime, saved, telemetry } = setUp();
    const execution = await execute();
    await leases.settle();
    expect(execution.observation).toMatchObject({ outcome: "ok", stdout: "1\n" });
    expect(saved()).toEqual([execution]);
    expect(telemetry.outcomes).toEqual(["ok"]);
    const used = runtime.made.filter(({ runs }) => runs > 0);
    expect(used).toHaveLength(1);
    expect(used[0]?.destroyed).toBe(true);
  });

  test("a sandbox runs one action only, whatever becomes of it", async () => {
    const { execute, runtime } = setUp();
    for (let turn = 0; turn < 5; turn += 1) await execute();
    expect(Math.max(...runtime.made.map(({ runs }) => runs))).toBe(1);
  });

  test("an execution whose beginning can't be stored is not accepted, and holds no place", async () => {
    const { submit, stores, runtime, admission } = setUp();
    stores.executions.full = true;
    await expect(submit()).rejects.toMatchObject({ code: "store_unavailable" });
    await settled();
    expect(runtime.made).toEqual([]);
    expect([admission.running, admission.queued, admission.tenants]).toEqual([0, 0, 0]);
  });

  test("an execution that cannot be stored is not acknowledged", async () => {
    const { submit, held, stores, saved, admission } = setUp();
    const runs = held();
    const live = await submit();
    await settled();
    stores.executions.full = true;
    await runs.last.end();
    await expect(live.result).rejects.toMatchObject({ code: "store_unavailable" });
    expect(saved()).toMatchObject([{ status: "running" }]);
    expect(admission.running).toBe(0);
  });

  test("a sandbox that breaks before the code ran is replaced and the caller doesn't notice", async () => {
    const { execute, runtime, faults } = setUp();
    let turn = 0;
    runtime.run = async () => {
      turn += 1;
      if (turn < 3) throw new SandboxFault("broke", false);
      return aReport("late but fine");
    };
    const { observation } = await execute();
    expect(observation.stdout).toBe("late but fine");
    expect(faults).toHaveLength(2);
  });

  test("a sandbox that breaks while the code ran is the service's fault and is not tried again", async () => {
    const { execute, runtime, saved, telemetry } = setUp();
    let runs = 0;
    runtime.run = async () => {
      runs += 1;
      throw new SandboxFault("broke", true);
    };
    await expect(execute()).rejects.toMatchObject({ code: "sandbox_failed" });
    expect(runs).toBe(1);
    expect(saved()).toMatchObject([{ status: "failed", error: { code: "sandbox_failed", infra: true } }]);
    expect([telemetry.outcomes, telemetry.faults]).toEqual([[], ["sandbox_failed"]]);
  });

  test("a sandbox that breaks each time before the code ran is given up", async () => {
    const { execute, runtime } = setUp();
    let runs = 0;
    runtime.run = async () => {
      runs += 1;
      throw new SandboxFault("broke", false);
    };
    await expect(execute()).rejects.toMatchObject({
      code: "sandbox_failed",
      message: expect.stringContaining("before the code ran"),
    });
    expect(runs).toBe(3);
  });

  test("files that don't fit are the caller's to mend, and nothing is tried again", async () => {
    const { execute, runtime, faults } = setUp();
    runtime.run = async () => {
      throw new InputsRefused("[Errno 28]");
    };
    await expect(execute()).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ field: "files" }],
    });
    expect(faults).toEqual([]);
  });

  test("what nobody threw on purpose is told as the service's failure, without its words", async () => {
    const { execute, runtime, faults } = setUp();
    const bug = new TypeError("undefined is not /etc/shadow");
    runtime.run = async () => {
      throw bug;
    };
    await expect(execute()).rejects.toMatchObject({
      code: "internal",
      message: "The service failed",
      cause: bug,
    });
    expect(faults).toEqual([bug]);
  });

  test("a run that the service cuts off at its end is the service's fault, and no observation of it is stored", async () => {
    const { executor, submit, runtime, saved } = setUp();
    runtime.run = (_, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () =>
          resolve({ ...aReport(), end: { kind: "lost", cause: "cancel", wallMs: 1 } }),
        ),
      );
    const { result } = await submit();
    await settled();
    executor.cancelAll();
    await expect(result).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(saved()).toMatchObject([{ status: "failed", error: { infra: true } }]);
  });

  test("one that waits when the service ends is refused with a time to come back", async () => {
    const { executor, submit, held } = setUp({ maxRunning: 1 });
    held();
    const [running, waiting] = [await submit(), await submit()];
    await settled();
    executor.cancelAll();
    for (const { result } of [running, waiting]) {
      await expect(result).rejects.toMatchObject({ code: "capacity_exhausted", retryAfterSeconds: 5 });
    }
  });

  test("a caller that goes away frees its place", async () => {
    const { submit, runtime, admission } = setUp();
    runtime.run = (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const live = await submit();
    await settled();
    expect(admission.running).toBe(1);
    live.cancel();
    expect(JSON.parse(await live.result)).toMatchObject({ observation: { outcome: "cancelled" } });
    expect(admission.running).toBe(0);
  });

  test("limits above the policy's are refused by name, and lower ones reach the run", async () => {
    const { execute, runtime } = setUp();
    await expect(execute({ limits: { wallMs: 30_001, memoryMiB: 513 } })).rejects.toMatchObject({
      code: "invalid_request",
      issues: [
        { field: "limits.wallMs", message: "must be at most 30000" },
        { field: "limits.memoryMiB", message: "must be at most 512" },
      ],
    });
    let seen: RunRequest | undefined;
    runtime.run = async (request) => {
      seen = request;
      return aReport();
    };
    await execute({ limits: { wallMs: 100 } });
    expect(seen?.limits).toEqual({ ...aPolicy().limits, wallMs: 100 });
  });

  test.each([
    ["an unknown policy", { policy: "nope" }, "not_found"],
    ["an image that the policy doesn't list", { image: "nope" }, "policy_denied"],
    ["an image that isn't built", { image: "python-data" }, "not_found"],
    ["a path that is file and folder", { files: { a: "", "a/b": "" } }, "invalid_request"],
    ["a file with the action's own name", { files: { "action.py": "" } }, "invalid_request"],
    ["a file below the action's own name", { files: { "action.py/x": "" } }, "invalid_request"],
    ["files larger than the workspace", { files: big(5) }, "invalid_request"],
  ])("%s is refused before a sandbox is taken, and nothing is stored", async (_, change, code) => {
    const { submit, telemetry, saved, admission } = setUp();
    await expect(submit(change)).rejects.toMatchObject({ code });
    expect(telemetry.hits + telemetry.misses).toBe(0);
    expect(saved()).toEqual([]);
    expect(admission.tenants).toBe(0);
  });

  test("above the queue it is refused at once, and nothing of it is stored", async () => {
    const { submit, held, saved } = setUp({ maxRunning: 1, maxQueued: 1 });
    held();
    await submit();
    await submit();
    await expect(submit()).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(saved()).toHaveLength(2);
  });

  test("a tenant that may have no sandbox is refused before anything is stored", async () => {
    const { submit, saved } = setUp({ boundsOf: () => ({ sandboxes: 0, queued: 9 }) });
    await expect(submit()).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(saved()).toEqual([]);
  });
});

describe("an execution under way", () => {
  test("is queued, then running, and found until it has ended", async () => {
    const { submit, held, find } = setUp({ maxRunning: 1 });
    const runs = held();
    const [first, second] = [await submit(), await submit()];
    await settled();
    expect([first.record().status, second.record().status]).toEqual(["running", "queued"]);
    await runs.last.end();
    expect(find(first.id)).toBeUndefined();
    expect(find(second.id)?.record().status).toBe("running");
  });

  test("that is cancelled while it waits ends as cancelled and never ran", async () => {
    const { submit, held, admission } = setUp({ maxRunning: 1 });
    const runs = held();
    await submit();
    const waiting = await submit();
    await settled();
    waiting.cancel();
    const { observation }: Execution = JSON.parse(await waiting.result);
    expect(observation).toMatchObject({ outcome: "cancelled", stdout: "", truncated: { stdout: false } });
    expect(runs.begun).toHaveLength(1);
    expect(admission.queued).toBe(0);
  });

  test("that is cancelled while it gets its sandbox ends as cancelled", async () => {
    const { submit, runtime, admission } = setUp();
    runtime.beforeCreate = () => new Promise(() => {});
    const live = await submit();
    await settled();
    live.cancel();
    expect(JSON.parse(await live.result)).toMatchObject({ observation: { outcome: "cancelled" } });
    expect(admission.of("t")).toEqual({ sandboxes: 0, queued: 0 });
  });

  test("that is cancelled while it runs tells what it had printed", async () => {
    const { submit, runtime } = setUp();
    runtime.run = (_, { signal, onEvent }) =>
      new Promise((resolve) => {
        onEvent?.({ type: "started" });
        onEvent?.({ type: "stdout", data: Buffer.from("so far") });
        const killed = aReport("so far", { exitCode: null, signal: 9, killedBy: "cancel" });
        signal.addEventListener("abort", () => resolve(killed));
      });
    const live = await submit();
    await settled();
    live.cancel();
    const { observation }: Execution = JSON.parse(await live.result);
    expect(observation).toMatchObject({
      outcome: "cancelled",
      stdout: "so far",
      evidence: { signal: "SIGKILL" },
    });
  });

  test("whose sandbox breaks while it is cancelled is no clean cancel: what the code printed is lost", async () => {
    const { submit, runtime, saved } = setUp();
    runtime.run = (_, { signal }) =>
      new Promise((_resolve, reject) =>
        signal.addEventListener("abort", () => reject(new SandboxFault("broke", true))),
      );
    const live = await submit();
    await settled();
    live.cancel();
    await expect(live.result).rejects.toMatchObject({ code: "sandbox_failed" });
    expect(saved()).toMatchObject([{ status: "failed", error: { code: "sandbox_failed" } }]);
  });

  test("is fed and interrupted through its sandbox", async () => {
    const { submit, held, runtime } = setUp();
    held();
    const live = await submit({ keepStdin: true });
    await settled();
    live.interrupt();
    await live.feedStdin(Buffer.from("x"), true);
    expect(runtime.made[0]?.interrupted).toEqual([live.id]);
    expect(runtime.made[0]?.fed).toEqual([{ runId: live.id, data: "x", close: true }]);
  });

  test("finds its caller's trace in its environment, and nothing where there is none", async () => {
    const { submit, held } = setUp();
    const runs = held();
    const trace = `00-${"a".repeat(32)}-${"b".repeat(16)}-01`;
    await submit({}, trace);
    await settled();
    expect(runs.last.request.env["TRACEPARENT"]).toBe(trace);
    await submit();
    await settled();
    expect(runs.last.request.env).not.toHaveProperty("TRACEPARENT");
  });
});

test("removals that would be late are begun when the service ends", async () => {
  const { leases, execute, runtime } = setUp();
  await execute();
  expect(runtime.made[0]?.destroyed).toBe(false);
  await leases.settle();
  expect(runtime.made[0]?.destroyed).toBe(true);
});

function big(count: number): Record<string, string> {
  const content = "x".repeat(15 * 1024 * 1024);
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, content]));
}
