import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { ActionInput } from "../../src/domain/action.ts";
import { outcomes } from "../../src/domain/outcome.ts";
import { type Service, startService, until } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

interface Case {
  name: string;
  code: string;
  action?: Partial<ActionInput>;
  expected: object;
}

const killed = (killedBy: string) => ({ exitCode: null, evidence: { killedBy, signal: "SIGKILL" } });

const cases: Case[] = [
  { name: "a program that ends", code: "print(1)", expected: { outcome: "ok", exitCode: 0, stdout: "1\n" } },
  {
    name: "an exception",
    code: "def f():\n    1/0\nf()",
    expected: {
      outcome: "exception",
      exitCode: 1,
      evidence: { reported: { exception: "ZeroDivisionError", errno: null }, killedBy: null },
      stderr: expect.stringContaining('File "/workspace/action.py", line 2, in f\n    1/0'),
    },
  },
  {
    name: "a syntax error",
    code: "print(",
    expected: { outcome: "exception", stderr: expect.stringContaining("SyntaxError") },
  },
  {
    name: "an exit code",
    code: "import sys; sys.exit(3)",
    expected: { outcome: "nonzero_exit", exitCode: 3, evidence: { reported: null, killedBy: null } },
  },
  {
    name: "an exit code that mimics a kill",
    code: "import os; os._exit(137)",
    expected: { outcome: "nonzero_exit", exitCode: 137 },
  },
  {
    name: "an exit with a message",
    code: "raise SystemExit('bye')",
    expected: { outcome: "nonzero_exit", exitCode: 1, stderr: "bye\n" },
  },
  {
    name: "a signal",
    code: "import os; os.kill(os.getpid(), 11)",
    expected: { outcome: "signalled", exitCode: null, evidence: { signal: "SIGSEGV", killedBy: null } },
  },
  {
    name: "a sleep past the wall time",
    code: "import time\nprint('before', flush=True)\ntime.sleep(60)",
    action: { limits: { wallMs: 300 } },
    expected: { outcome: "time_limit", ...killed("wall"), stdout: "before\n" },
  },
  {
    name: "a program that blocks every signal it can past the wall time",
    code: "import signal,time\nfor s in range(1,65):\n  try: signal.signal(s, signal.SIG_IGN)\n  except (OSError,ValueError): pass\nwhile True: time.sleep(1)",
    action: { limits: { wallMs: 300 } },
    expected: { outcome: "time_limit", ...killed("wall") },
  },
  {
    name: "a program that stops itself",
    code: "import os,signal; os.kill(os.getpid(), signal.SIGSTOP)",
    action: { limits: { wallMs: 300 } },
    expected: { outcome: "time_limit", ...killed("wall") },
  },
  {
    name: "a spin past the CPU time",
    code: "while True: pass",
    action: { limits: { cpuMs: 200 } },
    expected: { outcome: "cpu_limit", ...killed("cpu") },
  },
  {
    name: "CPU time spread over children",
    code: "import os,time\nfor _ in range(4):\n  if os.fork() == 0:\n    while True: pass\ntime.sleep(60)",
    action: { limits: { cpuMs: 200 } },
    expected: { outcome: "cpu_limit", ...killed("cpu") },
  },
  {
    name: "a memory bomb",
    code: "x = []\nwhile True: x.append(bytearray(10_000_000))",
    expected: { outcome: "memory_limit", exitCode: null, evidence: { oomKills: 1, signal: "SIGKILL" } },
  },
  {
    name: "a memory bomb within a lower limit of its own",
    code: "x = []\nwhile True: x.append(bytearray(1_000_000))",
    action: { limits: { memoryMiB: 64 } },
    expected: {
      outcome: "memory_limit",
      evidence: { oomKills: 1 },
      usage: { memoryPeakBytes: 64 * 2 ** 20 },
    },
  },
  {
    name: "a memory bomb in shared memory",
    code: "import mmap\nx = [mmap.mmap(-1, 600_000_000)]\nfor i in range(0, 600_000_000, 4096): x[0][i] = 1",
    expected: { outcome: "memory_limit" },
  },
  {
    name: "an endless print",
    code: "while True: print('x' * 1000)",
    action: { limits: { outputBytes: 5000 } },
    expected: { outcome: "output_limit", truncated: { stdout: true, stderr: false }, ...killed("output") },
  },
  {
    name: "a fork bomb",
    code: "import os\nwhile True: os.fork()",
    expected: { outcome: "process_limit" },
  },
  {
    name: "a fork bomb that never gives up",
    code: "import os\nwhile True:\n  try: os.fork()\n  except OSError: pass",
    expected: { outcome: "process_limit", ...killed("processes") },
  },
  {
    name: "a thread bomb",
    code: "import threading,time\nwhile True: threading.Thread(target=time.sleep, args=(60,), daemon=True).start()",
    expected: { outcome: "process_limit", exitCode: 1 },
  },
  {
    name: "a full workspace",
    code: "for n in range(9): open(f'/workspace/{n}', 'wb').write(bytes(20_000_000))",
    expected: {
      outcome: "disk_limit",
      exitCode: 1,
      evidence: { reported: { exception: "OSError", errno: 28 }, disk: { freeBytes: 0 } },
    },
  },
  {
    name: "too many files",
    code: "for n in range(100_000): open(f'/tmp/{n}', 'w').close()",
    expected: { outcome: "disk_limit", evidence: { reported: { errno: 28 } } },
  },
  {
    name: "a file that is too large",
    code: "f = open('/tmp/x', 'wb')\nf.seek(100 * 2**20)\nf.write(b'x')\nf.flush()",
    expected: { outcome: "disk_limit", evidence: { reported: { errno: 27 } } },
  },
];

describe("on the real engine", () => {
  test.each(cases)("$name", async ({ code, action, expected }) => {
    expect(await service.run(code, action)).toMatchObject(expected);
    expect(await service.run("print('unharmed')")).toMatchObject({ outcome: "ok", stdout: "unharmed\n" });
  });

  test("every outcome but cancelled is provoked above", () => {
    const provoked = new Set(cases.map(({ expected }) => "outcome" in expected && expected.outcome));
    expect([...provoked, "cancelled"].sort()).toEqual(Object.keys(outcomes).sort());
  });

  test("a limit is enforced soon after it", async () => {
    const { usage } = await service.run("while True: pass", { limits: { wallMs: 500 } });
    expect(usage.wallMs).toBeGreaterThanOrEqual(500);
    expect(usage.wallMs).toBeLessThan(1500);
  });

  test("a daemon that outlives its program is killed with it", async () => {
    const code = `
import os, sys, time
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        while True: time.sleep(0.01)
    os._exit(0)
os.wait()
print("done")`;
    expect(await service.run(code)).toMatchObject({
      outcome: "ok",
      stdout: "done\n",
      evidence: { stragglers: 1 },
    });
  });

  test.each([
    ["closed", "import os\nfor fd in (0, 1, 2): os.close(fd)"],
    ["replaced", "import os\nn = os.open('/dev/null', os.O_RDWR)\nfor fd in (0, 1, 2): os.dup2(n, fd)"],
    ["kept open by a child", "import os,time\nif os.fork() == 0: time.sleep(60)"],
  ])("streams that are %s don't change how the program ended", async (_, code) => {
    expect(await service.run(code)).toMatchObject({ outcome: "ok", exitCode: 0 });
  });

  test("after all of this no used container is left", async () => {
    await until(async () => (await service.containers()).length <= 4);
    const response = await service.request("/readyz");
    expect(await response.json()).toMatchObject({ ready: true });
  });
});
