import { describe, expect, test } from "vitest";
import type { Execution } from "../../../src/domain/execution.ts";
import { Admission } from "../../../src/engine/admission.ts";
import { Catalog } from "../../../src/engine/catalog.ts";
import { Executor } from "../../../src/engine/executor.ts";
import { Pools } from "../../../src/engine/pools.ts";
import {
  InputsRefused,
  type RunRequest,
  SandboxFault,
  type StoredExecution,
} from "../../../src/engine/ports.ts";
import { Slots } from "../../../src/engine/slots.ts";
import { anAction, aPolicy, poolSettings } from "../../support/builders.ts";
import { aReport, FakeRuntime } from "../../support/fake-runtime.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";
import { RecordedTelemetry } from "../../support/recorded-telemetry.ts";

const never = new AbortController().signal;

class FakeStore {
  readonly saved: Execution[] = [];
  full = false;

  save(_tenant: string, execution: Execution): StoredExecution {
    if (this.full) throw new Error("disk full");
    this.saved.push(execution);
    return JSON.stringify(execution) as StoredExecution;
  }

  find(): undefined {}

  prune(): number {
    return 0;
  }
}

const setUp = () => {
  const runtime = new FakeRuntime();
  const clock = new ManualClock();
  const telemetry = new RecordedTelemetry();
  const store = new FakeStore();
  const faults: unknown[] = [];
  const onFault = (error: unknown) => void faults.push(error);
  const pools = new Pools(poolSettings(), { runtime, clock, telemetry, creates: new Slots(2), onFault });
  const admission = new Admission(2, 2);
  const catalog = new Catalog(runtime, [aPolicy()]);
  const executor = new Executor({ admission, catalog, pools, store, clock, telemetry, onFault });
  return { runtime, telemetry, store, faults, executor, admission };
};

describe("Executor", () => {
  test("runs an action, stores the execution and destroys the sandbox", async () => {
    const { executor, runtime, store, telemetry } = setUp();
    const execution: Execution = JSON.parse(await executor.execute("t", anAction(), never));
    await executor.settle();
    expect(execution.observation).toMatchObject({ outcome: "ok", stdout: "1\n" });
    expect(store.saved).toEqual([execution]);
    expect(telemetry.outcomes).toEqual(["ok"]);
    const used = runtime.made.filter(({ runs }) => runs > 0);
    expect(used).toHaveLength(1);
    expect(used[0]?.destroyed).toBe(true);
  });

  test("a sandbox runs one action only, whatever becomes of it", async () => {
    const { executor, runtime } = setUp();
    for (let turn = 0; turn < 5; turn += 1) await executor.execute("t", anAction(), never);
    expect(Math.max(...runtime.made.map(({ runs }) => runs))).toBe(1);
  });

  test("an execution that cannot be stored is not acknowledged", async () => {
    const { executor, store } = setUp();
    store.full = true;
    await expect(executor.execute("t", anAction(), never)).rejects.toThrow("disk full");
  });

  test("a sandbox that breaks before the code ran is replaced and the caller doesn't notice", async () => {
    const { executor, runtime, faults } = setUp();
    let turn = 0;
    runtime.run = async () => {
      turn += 1;
      if (turn < 3) throw new SandboxFault("broke", false);
      return aReport("late but fine");
    };
    const { observation }: Execution = JSON.parse(await executor.execute("t", anAction(), never));
    expect(observation.stdout).toBe("late but fine");
    expect(faults).toHaveLength(2);
  });

  test("a sandbox that breaks while the code ran is the service's fault and is not tried again", async () => {
    const { executor, runtime, store, telemetry } = setUp();
    let runs = 0;
    runtime.run = async () => {
      runs += 1;
      throw new SandboxFault("broke", true);
    };
    await expect(executor.execute("t", anAction(), never)).rejects.toMatchObject({ code: "sandbox_failed" });
    expect(runs).toBe(1);
    expect(store.saved).toEqual([]);
    expect(telemetry.faults).toEqual(["sandbox_failed"]);
  });

  test("a sandbox that breaks each time before the code ran is given up", async () => {
    const { executor, runtime } = setUp();
    let runs = 0;
    runtime.run = async () => {
      runs += 1;
      throw new SandboxFault("broke", false);
    };
    await expect(executor.execute("t", anAction(), never)).rejects.toMatchObject({
      code: "sandbox_failed",
      message: expect.stringContaining("before the code ran"),
    });
    expect(runs).toBe(3);
  });

  test("files that don't fit are the caller's to mend, and nothing is tried again", async () => {
    const { executor, runtime, faults } = setUp();
    runtime.run = async () => {
      throw new InputsRefused("[Errno 28]");
    };
    await expect(executor.execute("t", anAction(), never)).rejects.toMatchObject({
      code: "invalid_request",
      issues: [{ field: "files" }],
    });
    expect(faults).toEqual([]);
  });

  test("a run that the service cuts off at its end is the service's fault, and is not stored", async () => {
    const { executor, runtime, store } = setUp();
    runtime.run = (_, signal) =>
      new Promise((resolve) =>
        signal.addEventListener("abort", () =>
          resolve({ ...aReport(), end: { kind: "lost", cause: "cancel", wallMs: 1 } }),
        ),
      );
    const running = executor.execute("t", anAction(), never);
    await settled();
    executor.cancelAll();
    await expect(running).rejects.toMatchObject({ code: "capacity_exhausted" });
    expect(store.saved).toEqual([]);
  });

  test("a caller that goes away frees its place", async () => {
    const { executor, runtime, admission } = setUp();
    runtime.run = (_, signal) =>
      new Promise((_resolve, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    const abort = new AbortController();
    const running = executor.execute("t", anAction(), abort.signal);
    await settled();
    expect(admission.running).toBe(1);
    abort.abort(new Error("gone"));
    await expect(running).rejects.toThrow("gone");
    expect(admission.running).toBe(0);
  });

  test("limits above the policy's are refused by name, and lower ones reach the run", async () => {
    const { executor, runtime } = setUp();
    const above = anAction({ limits: { wallMs: 30_001, memoryMiB: 513 } });
    await expect(executor.execute("t", above, never)).rejects.toMatchObject({
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
    await executor.execute("t", anAction({ limits: { wallMs: 100 } }), never);
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
  ])("%s is refused before a sandbox is taken", async (_, change, code) => {
    const { executor, telemetry } = setUp();
    await expect(executor.execute("t", anAction(change), never)).rejects.toMatchObject({ code });
    expect(telemetry.hits + telemetry.misses).toBe(0);
  });
});

function big(count: number): Record<string, string> {
  const content = "x".repeat(15 * 1024 * 1024);
  return Object.fromEntries(Array.from({ length: count }, (_, n) => [`f${n}`, content]));
}
