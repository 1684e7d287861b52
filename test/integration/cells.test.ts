/** Tier cell through the API: one container serves one tenant's executions, one at a time, until there is doubt. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executionSchema } from "../../src/domain/execution.ts";
import { containersOf, type Service, startService, until } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "1" });
});
afterAll(async () => await service[Symbol.asyncDispose]());

const run = async (code: string, more: object = {}) => {
  const body = JSON.stringify({ code, policy: "rl-cell", image: "python", ...more });
  const response = await service.request("/v1/executions", { method: "POST", body });
  return executionSchema.parse(await response.json());
};
/** Each container has a user of its own. */
const where = "import os; print(os.getuid())";

describe("policy rl-cell", () => {
  test("one container after the other serves, and the answer says the tier", async () => {
    const first = await run(where);
    expect(first).toMatchObject({ tier: "cell", observation: { outcome: "ok" } });
    for (let turn = 0; turn < 5; turn += 1) {
      expect((await run(where)).observation.stdout).toBe(first.observation.stdout);
    }
  });

  test("what one leaves in files, variables and processes is not there for the next", async () => {
    const before = await run("open('/tmp/x', 'w').write('x'); import sys; sys.seen = 1; open('y', 'w')");
    expect(before.observation.outcome).toBe("ok");
    const after = await run("import os, sys; print(os.listdir('/tmp'), os.listdir(), hasattr(sys, 'seen'))");
    expect(after.observation.stdout).toBe("[] ['action.py'] False\n");
  });

  test.each([
    ["a limit that it met", "while True: pass", { limits: { wallMs: 200 } }, "time_limit"],
    ["a signal", "import os; os.kill(os.getpid(), 11)", {}, "signalled"],
    ["a process that it left behind", "import os, time\nif os.fork() == 0: time.sleep(60)", {}, "ok"],
    [
      "a denied call of the kind that escapes need",
      "import ctypes; ctypes.CDLL(None).ptrace(0, 0, 0, 0)",
      {},
      "ok",
    ],
  ])("after %s the next execution has another container", async (_, code, more, outcome) => {
    const before = (await run(where)).observation.stdout;
    const doubtful = await run(code, more);
    expect(doubtful.observation).toMatchObject({ outcome });
    expect((await run(where)).observation.stdout).not.toBe(before);
  });

  test("many denied calls of another kind hide none of that kind", async () => {
    const before = (await run(where)).observation.stdout;
    const decoys = "import ctypes\ncalls = ctypes.CDLL(None)\nfor n in range(200): calls.klogctl(n, 0, 0)\n";
    const { denied } = (await run(`${decoys}calls.ptrace(0, 0, 0, 0)`)).observation;
    expect(denied).toMatchObject({ total: 201, truncated: true });
    expect(denied.calls.map(({ call }) => call)).toContain("ptrace");
    expect((await run(where)).observation.stdout).not.toBe(before);
  });

  test("a cell's memory peak is its own or not known", async () => {
    expect((await run("x = bytearray(200 << 20)")).observation.usage.memoryPeakBytes).toBeGreaterThan(
      200 << 20,
    );
    expect((await run("print(1)")).observation.usage.memoryPeakBytes).toBeNull();
  });

  test("executions at the same time never share a container", async () => {
    const answers = await Promise.all(
      Array.from({ length: 6 }, () => run(`${where}\nimport time; time.sleep(0.5)`)),
    );
    expect(new Set(answers.map(({ observation }) => observation.stdout)).size).toBe(6);
  });

  test("a session under it has a container of its own and says so", async () => {
    const session = await service.session({ policy: "rl-cell", image: "python" });
    const answer = await (await session.post("1 + 1")).json();
    expect(answer).toMatchObject({ tier: "container", observation: { outcome: "ok" } });
  });

  test("no container is left when the service has ended", async () => {
    const other = await startService({ CLOCHE_POOL_TARGET: "0" });
    const body = JSON.stringify({ code: "print(1)", policy: "rl-cell", image: "python" });
    expect((await other.request("/v1/executions", { method: "POST", body })).status).toBe(200);
    expect(await containersOf(other.instance)).not.toEqual([]);
    await other[Symbol.asyncDispose]();
    await until(async () => (await containersOf(other.instance)).length === 0);
  });
});
