/** The whole way under gVisor, where the engine has it registered. Where it hasn't, one test says so. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { postureSchema } from "../../src/domain/posture.ts";
import { docker, type Service, startService } from "../support/service.ts";

const RUNTIME = "runsc";
const registered = RUNTIME in ((await docker().info()).Runtimes ?? {});
const why = `the engine has no runtime ${RUNTIME}; npm run runsc builds it`;
if (!registered) process.stderr.write(`\n*** gVisor was NOT tested: ${why} ***\n`);

test.skipIf(!registered)(registered ? "gVisor is tested" : `gVisor is not tested: ${why}`, () => {
  expect(registered).toBe(true);
});

describe.runIf(registered)("under gVisor", () => {
  let service: Service;
  beforeAll(async () => {
    service = await startService();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  const run = (code: string, rest: Parameters<Service["run"]>[1] = {}) =>
    service.run(code, { ...rest, policy: "gvisor" });

  test("code runs, and its kernel is not the host's", async () => {
    const seen = await run("import os; print(os.uname().release)");
    expect(seen).toMatchObject({ outcome: "ok", exitCode: 0 });
    expect(seen.stdout).toMatch(/^4\.4\.0\n$/);
    const control = await service.run("import os; print(os.uname().release)");
    expect(control.stdout).not.toBe(seen.stdout);
  });

  test.each([
    [
      "print('out'); import sys; print('err', file=sys.stderr)",
      { outcome: "ok", stdout: "out\n", stderr: "err\n" },
    ],
    ["raise ValueError('no')", { outcome: "exception", exitCode: 1 }],
    ["raise SystemExit(7)", { outcome: "nonzero_exit", exitCode: 7 }],
    ["import os; os.kill(os.getpid(), 11)", { outcome: "signalled" }],
    ["import os\nif os.fork() == 0: os._exit(0)\nprint(os.wait()[1])", { outcome: "ok", stdout: "0\n" }],
    [
      "import threading\nt = threading.Thread(target=print, args=('thread',)); t.start(); t.join()",
      { outcome: "ok", stdout: "thread\n" },
    ],
    [
      "import subprocess\nprint(subprocess.run(['/bin/echo', 'child'], capture_output=True).stdout)",
      { outcome: "ok", stdout: "b'child\\n'\n" },
    ],
    [
      "import asyncio\nasync def main():\n  await asyncio.sleep(0.01); print('done')\nasyncio.run(main())",
      { outcome: "ok", stdout: "done\n" },
    ],
    [
      "import socket\ns = socket.socket()\ntry: s.connect(('192.0.2.1', 80))\nexcept OSError as e: print(e.errno)",
      { outcome: "ok", stdout: "101\n" },
    ],
    ["import os\ntry: os.setuid(0)\nexcept OSError as e: print(e.errno)", { outcome: "ok", stdout: "1\n" }],
  ])("%s", async (code, seen) => {
    expect(await run(code)).toMatchObject(seen);
  });

  test("wall time, output and the number of processes are bounded", async () => {
    expect(await run("import time; time.sleep(60)", { limits: { wallMs: 500 } })).toMatchObject({
      outcome: "time_limit",
    });
    const flood = "import os\nwhile True: os.write(1, b'x' * 65536)";
    expect(await run(flood, { limits: { outputBytes: 100_000 } })).toMatchObject({ outcome: "output_limit" });
    const forks = `import os, time
made = 0
try:
    while True:
        if os.fork() == 0:
            time.sleep(30)
            os._exit(0)
        made += 1
except OSError as error:
    print(made < 64, error.errno)`;
    expect(await run(forks)).toMatchObject({ outcome: "ok", stdout: "True 11\n" });
  });

  test("a run that takes all memory is told as that, by the word of the host's kernel", async () => {
    const seen = await run("b = []\nwhile True: b.append(bytearray(b'x') * (8 << 20))", {
      limits: { memoryMiB: 256 },
    });
    expect(seen.outcome).toBe("memory_limit");
  });

  test("a file size and a full workspace end as they do elsewhere", async () => {
    const seen = await run("f = open('/workspace/x', 'wb')\nwhile True: f.write(b'x' * (1 << 20))");
    expect(seen).toMatchObject({ outcome: "disk_limit" });
  });

  test("files go in and come back", async () => {
    const seen = await run("open('out.txt', 'w').write(open('in.txt').read().upper())", {
      files: { "in.txt": { base64: Buffer.from("hello").toString("base64") } },
      outputs: ["*.txt"],
    });
    expect(seen.outputs.files).toContainEqual(expect.objectContaining({ path: "out.txt", text: "HELLO" }));
  });

  test("a session keeps its state", async () => {
    const session = await service.session({ policy: "gvisor" });
    expect((await session.step("x = 20")).observation.outcome).toBe("ok");
    expect((await session.step("x + 1")).observation.results[0]?.forms["text/plain"]).toBe("21");
    expect((await session.step("1 / 0")).observation.outcome).toBe("exception");
    expect((await session.step("print(x)")).observation.stdout).toBe("20\n");
  });

  test("a session runs programs beside its interpreter, which outlives them", async () => {
    const session = await service.session({ policy: "gvisor" });
    await session.step("x = 20; open('kept', 'w').write('kept')");
    const program = await session.step({ code: "print(open('kept').read())", fresh: true });
    expect(program.observation).toMatchObject({ outcome: "ok", stdout: "kept\n" });
    expect((await session.step({ shell: "sleep 60 & echo shell" })).observation).toMatchObject({
      outcome: "ok",
    });
    const names = `import os
def name(pid):
    try: return open(f"/proc/{pid}/comm").read().strip()
    except OSError: return ""
print("sleep" in [name(pid) for pid in os.listdir("/proc") if pid.isdigit()])`;
    expect((await session.step(names)).observation.stdout).toBe("False\n");
    expect((await session.step("print(x)")).observation.stdout).toBe("20\n");
  });

  test("fewer processes for one run can't be had, and it says so", async () => {
    const answer = await service.post({ code: "", policy: "gvisor", limits: { processes: 16 } });
    expect(answer.status).toBe(400);
    expect(await answer.json()).toMatchObject({ issues: [{ field: "limits.processes" }] });
  });

  test("what the policy requires is in force in each sandbox", async () => {
    const body = JSON.stringify({ policy: "gvisor" });
    const answer = await service.request("/v1/posture/checks", { method: "POST", body });
    const { selfTest, acceptable } = postureSchema.parse(await answer.json());
    expect(acceptable).toBe(true);
    const missing = selfTest?.checks.filter(({ result }) => result !== "holds") ?? [];
    expect(missing.map(({ name }) => name)).toEqual([
      "landlock_in_force",
      "landlock_scope_in_force",
      // gVisor's tmpfs has no bound of inodes; each costs memory, which is bounded.
      "tmpfs_inodes",
    ]);
    expect(new Set(missing.map(({ result }) => result))).toEqual(new Set(["not_applicable"]));
  });
});
