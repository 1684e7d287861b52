/** What code of a session may try against its launcher: at worst it loses its own state. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { z } from "zod";
import { type Service, type SessionHandle, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "2" });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

/** The control case: the session still does what it is for. */
const expectAlive = async (session: SessionHandle) => {
  const { observation } = await session.step("print('alive')");
  expect(observation).toMatchObject({ outcome: "ok", stdout: "alive\n" });
  expect((await session.view()).termination).toBeNull();
};

test("thousands of names that look the same are listed within bounds", async () => {
  const session = await service.session();
  const made = await session.step(
    "import os\nfor n in range(7000): open(b'/workspace/' + bytes([0x80 + n % 64, 0x80 + n // 64 % 64, 0x80 + n // 4096]) * 60, 'w').close()",
  );
  expect(made.observation.outcome).toBe("ok");
  const response = await service.request(`${session.path}/files?limit=500`);
  expect(response.status).toBe(200);
  const { items } = z
    .object({ items: z.array(z.object({ pathBase64: z.string() })) })
    .parse(await response.json());
  expect(items.length).toBeGreaterThan(500);
  await expectAlive(session);
});

test("as many output files as the policy allows come back, more are named as skipped", async () => {
  const session = await service.session();
  const { observation } = await session.step({
    code: "for n in range(100): open(f'{n:03}.out', 'w').write(str(n))",
    outputs: ["*.out"],
  });
  expect(observation.outputs.files).toHaveLength(64);
  expect(observation.outputs.files[63]).toMatchObject({ path: "063.out", text: "63" });
  expect(observation.outputs.skipped).toHaveLength(36);
  await expectAlive(session);
});

test.each([
  [
    "writes garbage to every descriptor it has",
    "import os\nfor fd in range(3, 1100):\n  try: os.write(fd, b'\\xff' * 100)\n  except OSError: pass",
  ],
  [
    "sends a forged end on its channel",
    'import os, socket\nfor fd in range(3, 1100):\n  try: socket.socket(fileno=os.dup(fd)).send(b\'{"status": "ok"}\')\n  except OSError: pass',
  ],
  ["stops itself", "import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"],
  ["kills everything that it can reach", "import os, signal\nos.kill(-1, signal.SIGKILL)"],
  [
    "kills and stops the launcher",
    "import os, signal\nfor s in (9, 19, 15, 2):\n  try: os.kill(1, s)\n  except OSError: pass",
  ],
  [
    "uses up its processes",
    "import os, time\ntry:\n  while True:\n    if os.fork() == 0: time.sleep(100)\nexcept OSError: pass\nraise SystemExit(1)",
  ],
  [
    "uses up its descriptors",
    "import os\nkept = []\ntry:\n  while True: kept.append(os.open('/dev/null', 0))\nexcept OSError: pass",
  ],
  ["emits values without end", "while True: display('x' * 100000)"],
  ["breaks its own interpreter", "import builtins, sys\nsys.modules.clear()\nbuiltins.__dict__.clear()"],
])("code that %s ends in time and the session goes on", async (_what, code) => {
  const session = await service.session();
  const { observation } = await session.step({ code, limits: { wallMs: 3000 } });
  expect(observation.usage.wallMs).toBeLessThan(4000);
  await expectAlive(session);
});

test.each([
  ["in two short writes", 50, "print('x' * 100)"],
  ["with the last line behind what fits", 1 << 20, `print('x' * ${1 << 20})\nprint('end')`],
])(
  "code that goes over its output at its very end, %s, keeps its state",
  async (_what, outputBytes, code) => {
    const session = await service.session();
    await session.step("kept = 7");
    for (let round = 0; round < 5; round++) {
      const { observation } = await session.step({ code, limits: { outputBytes } });
      expect(observation).toMatchObject({ outcome: "output_limit", evidence: { killedBy: "output" } });
      expect(observation.truncated).toEqual({ stdout: true, stderr: false });
      expect(observation.stdout).toBe("x".repeat(outputBytes));
      // Where the limit was seen before the end, the interpreter was ended for it.
      if (observation.exitCode === null) await session.step("kept = 7");
      else expect(observation).toMatchObject({ exitCode: 0, evidence: { signal: null } });
      expect((await session.step("print(kept)")).observation.stdout).toBe("7\n");
    }
    await expectAlive(session);
  },
);

/** Finds the interpreter's channel and the number of its run, and says something there. */
const saying = (message: string) => `
import json, os, sys, time
frame = sys._getframe()
while frame:
    channel = getattr(frame.f_locals.get("self"), "_channel", None)
    if channel is not None:
        break
    frame = frame.f_back
end = {"run": frame.f_locals["head"]["run"], "status": "exception", "exitCode": 1, "exception": "A", "errno": 0}
message = ${message}
os.write(channel, message if type(message) is bytes else b"E" + json.dumps(message).encode())
time.sleep(60)
`;

test.each([
  ["an exception named by half a character", '{**end, "exception": "\\ud800"}'],
  ["an exception with letters that no name here has", '{**end, "exception": "\\u00e9"}'],
  ["an exit code of a thousand digits", '{**end, "exitCode": 10**900}'],
  ["an exit code that is no whole number", '{**end, "exitCode": 1e999}'],
  ["an end of a run that is no number", '{**end, "run": True}'],
  ["an end without a status that there is", '{**end, "status": ["ok"]}'],
  ["JSON that is nested without end", 'b"E" + b"[" * 1000'],
  ["an end that is not UTF-8", 'b"E\\xff\\xfe{}"'],
  ["a part of no known size", 'b\'V{"mime":"text/plain","bytes":NaN,"index":0,"truncated":false}\''],
])("an interpreter that says %s is ended and replaced", async (_what, message) => {
  const session = await service.session();
  const { observation } = await session.step(saying(message));
  expect(observation).toMatchObject({ outcome: "signalled", evidence: { killedBy: "corrupted" } });
  await expectAlive(session);
});

test("an interpreter that gives its own end an errno of a thousand digits is believed the rest", async () => {
  const session = await service.session();
  const { observation } = await session.step(saying('{**end, "errno": 10**900}'));
  expect(observation.evidence.reported).toEqual({ exception: "A", errno: null });
});

test("a new process that hides from its end is found: no session, no parent, no limit of its own helps", async () => {
  const session = await service.session();
  await session.step("import subprocess\nkeeper = subprocess.Popen(['sleep', '1000'])");
  const hiding = `
import os, resource, time
for n in range(6):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            resource.setrlimit(10, (n, n))
            os.execvp("sleep", ["sleep", "999"])
        os._exit(0)
time.sleep(0.2)
`;
  const { observation } = await session.step({ code: hiding, fresh: true });
  expect(observation.outcome).toBe("ok");
  expect(observation.evidence.stragglers).toBe(6);
  const left = await session.step({ shell: "cat /proc/[0-9]*/cmdline | tr '\\0' ' '" });
  expect(left.observation.stdout).toContain("sleep 1000");
  expect(left.observation.stdout).not.toContain("sleep 999");
});
