/** A session on the real engine: what stays between executions, and what becomes of it when things go wrong. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { executionSummarySchema } from "../../src/domain/execution.ts";
import { sessionSchema } from "../../src/domain/session.ts";
import { pageOf } from "../../src/http/page-query.ts";
import { eventsOf } from "../support/event-reader.ts";
import { type Service, startService, until } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService({ CLOCHE_POOL_TARGET: "2" });
});
afterAll(async () => {
  await service[Symbol.asyncDispose]();
});

describe("what stays", () => {
  test("variables, imports, open files, functions and background threads live on", async () => {
    const session = await service.session();
    await session.step(
      "import math, threading\nx = 20\nf = open('notes.txt', 'w+')\ndef twice(n): return n * 2",
    );
    await session.step(
      "f.write('kept'); done = threading.Event()\nthreading.Thread(target=done.wait, daemon=True).start()",
    );
    const { observation, session: place } = await session.step(
      "f.seek(0)\n(twice(x + 1), math.pi > 3, f.read(), threading.active_count())",
    );
    expect(observation).toMatchObject({
      outcome: "ok",
      results: [{ forms: { "text/plain": "(42, True, 'kept', 2)" } }],
    });
    expect(place).toEqual({ id: session.id, sequence: 3, interpreter: 1, stateLost: false });
  });

  test("the environment, the seed and the files of its creation", async () => {
    const session = await service.session({
      env: { TEAM: "red" },
      seed: 7,
      files: { "in/data.txt": "hello" },
    });
    const again = await service.session({ seed: 7 });
    const code = "import os, random\n(os.environ.get('TEAM'), random.random())";
    const [first] = (await session.step(code)).observation.results;
    const [second] = (await again.step(code)).observation.results;
    expect(first?.forms["text/plain"]).toMatch(/^\('red', /);
    expect(second?.forms["text/plain"]?.split(", ")[1]).toBe(first?.forms["text/plain"]?.split(", ")[1]);
    expect(
      (await session.step("open('in/data.txt').read()")).observation.results[0]?.forms["text/plain"],
    ).toBe("'hello'");
  });

  test("a new process and a command share the workspace, not the interpreter", async () => {
    const session = await service.session();
    await session.step("x = 1\nopen('shared.txt', 'w').write('from the interpreter')");
    const fresh = await session.step({
      code: "print(open('shared.txt').read(), 'x' in globals())",
      fresh: true,
    });
    expect(fresh.observation).toMatchObject({ outcome: "ok", stdout: "from the interpreter False\n" });
    const command = await session.step({ argv: ["cat", "shared.txt"] });
    expect(command).toMatchObject({
      action: { kind: "command" },
      observation: { stdout: "from the interpreter" },
    });
    const shell = await session.step({ shell: "wc -c < shared.txt; exit 3" });
    expect(shell.observation).toMatchObject({ outcome: "nonzero_exit", exitCode: 3, stdout: "20\n" });
    expect((await session.step("x")).observation.results[0]?.forms["text/plain"]).toBe("1");
  });

  test("a limit met in a new process kills that process only", async () => {
    const session = await service.session();
    await session.step("import subprocess\nx = 1\nserver = subprocess.Popen(['sleep', '100'])");
    const late = await session.step({
      code: "import os\nos.fork()\nwhile True: pass",
      fresh: true,
      limits: { wallMs: 300 },
    });
    expect(late).toMatchObject({ observation: { outcome: "time_limit" }, session: { stateLost: false } });
    const after = await session.step("(x, server.poll())");
    expect(after.observation.results[0]?.forms["text/plain"]).toBe("(1, None)");
    const processes = await session.step({ shell: "ls /proc | grep -c '^[0-9]'" });
    // The launcher, the interpreter, sleep, the shell and its two.
    expect(Number(processes.observation.stdout)).toBeLessThanOrEqual(6);
  });
});

describe("values", () => {
  test("the last expression comes back as text, and as HTML where it has that", async () => {
    const session = await service.session();
    expect((await session.step("None")).observation.results).toEqual([]);
    expect(
      (await session.step("class A:\n  def _repr_html_(self): return '<b>a</b>'\nA()")).observation.results[0]
        ?.forms,
    ).toMatchObject({
      "text/html": "<b>a</b>",
    });
  });

  test("a value over its bound is cut and says so", async () => {
    const session = await service.session();
    const { observation } = await session.step({ code: "'x' * 100_000", limits: { resultBytes: 1000 } });
    const [result] = observation.results;
    expect(result?.truncated).toBe(true);
    expect(result?.forms["text/plain"]?.length).toBeLessThanOrEqual(1000);
  });

  test("a matplotlib figure comes back as PNG", async () => {
    const session = await service.session({ image: "python-data" });
    const { observation } = await session.step("import matplotlib.pyplot as plt\n_ = plt.plot([1, 3, 2])");
    const png = observation.results.find(({ forms }) => forms["image/png"])?.forms["image/png"] ?? "";
    expect(Buffer.from(png, "base64").subarray(1, 4).toString()).toBe("PNG");
  });
});

describe("what goes wrong in it", () => {
  test.each([
    ["raise ValueError('no')", { outcome: "exception", exitCode: 1 }],
    ["import sys; sys.exit(3)", { outcome: "nonzero_exit", exitCode: 3 }],
    ["1/0", { outcome: "exception" }],
    ["def f(: pass", { outcome: "exception" }],
    ["def f(): return f()\nf()", { outcome: "exception" }],
  ])("%s ends the execution, the state is kept", async (code, expected) => {
    const session = await service.session();
    await session.step("x = 'kept'");
    const { observation, session: place } = await session.step(code);
    expect(observation).toMatchObject(expected);
    expect(place?.stateLost).toBe(false);
    expect((await session.step("x")).observation.results[0]?.forms["text/plain"]).toBe("'kept'");
  });

  test("a traceback shows the code's own lines and none of the launcher's", async () => {
    const session = await service.session();
    const { observation } = await session.step("def divide(a, b):\n    return a / b\n\ndivide(1, 0)");
    expect(observation.stderr).toContain("return a / b");
    expect(observation.stderr).toContain("ZeroDivisionError");
    expect(observation.stderr).not.toContain("/opt/cloche");
  });

  test.each([
    ["import os; os._exit(7)", { outcome: "nonzero_exit", exitCode: 7 }],
    ["import ctypes; ctypes.string_at(0)", { outcome: "signalled" }],
    ["b = []\nwhile True: b.append(bytearray(1 << 24))", { outcome: "memory_limit" }],
    ["while True: pass", { outcome: "time_limit" }],
    ["print('x' * 10_000_000)", { outcome: "output_limit" }],
    ["import os\nos.closerange(3, 65536)\nimport time; time.sleep(60)", { outcome: "signalled" }],
  ])("%s loses the state, says so, and the session goes on", async (code, expected) => {
    const session = await service.session();
    await session.step("x = 1\nopen('kept.txt', 'w').write('kept')");
    const limits = { wallMs: 1500, memoryMiB: 512, outputBytes: 100_000 };
    const { observation, session: place } = await session.step({ code, limits });
    expect(observation).toMatchObject(expected);
    expect(place).toMatchObject({ stateLost: true, interpreter: 1 });
    const after = await session.step("('x' in globals(), open('kept.txt').read())");
    expect(after.observation.results[0]?.forms["text/plain"]).toBe("(False, 'kept')");
    expect(after.session).toMatchObject({ interpreter: 2, stateLost: false });
    expect((await session.view()).interpreter).toBe(2);
  });

  test("an interpreter that dies between two executions is seen by its number", async () => {
    const session = await service.session();
    await session.step("import os, threading\nthreading.Timer(0.05, os._exit, [1]).start()");
    await until(async () => (await session.step("1")).session?.interpreter === 2);
  });

  test("a folder with the name of the code refuses a new process, says so, and holds up nothing", async () => {
    const session = await service.session();
    await session.step("import os\nos.mkdir('action.py')");
    const refused = await session.post({ code: "1", fresh: true });
    expect(refused.status).toBe(409);
    expect(await refused.json()).toMatchObject({
      code: "file_refused",
      infra: false,
      detail: expect.stringContaining("/workspace/action.py is a folder"),
    });
    // What is acknowledged to the launcher is not kept by it: 8 times this would be more than it may hold.
    for (let turn = 0; turn < 8; turn += 1) {
      expect((await session.step("print('x' * 15_000_000)")).observation.usage.stdoutBytes).toBe(15_000_001);
    }
    const { observation } = await session.step({ shell: "grep VmRSS /proc/1/status" });
    expect(Number(/(\d+) kB/.exec(observation.stdout)?.[1])).toBeLessThan(60_000);
  });

  test("code that forks and comes to its end leaves the session in order", async () => {
    const session = await service.session();
    const { observation } = await session.step(
      "import os\npid = os.fork()\nif pid: os.waitpid(pid, 0)\nprint('parent' if pid else 'child')",
    );
    expect(observation.stdout.split("\n").filter(Boolean).sort()).toEqual(["child", "parent"]);
    expect((await session.step("'alive'")).observation.results[0]?.forms["text/plain"]).toBe("'alive'");
  });
});

describe("control", () => {
  test("interrupt raises KeyboardInterrupt; the state is kept", async () => {
    const session = await service.session();
    await session.step("n = 0");
    const events = eventsOf(
      await session.post("print('on', flush=True)\nwhile True: n += 1", { accept: "text/event-stream" }),
    );
    for await (const { type } of events) if (type === "stdout") break;
    await session.tell("interrupt");
    await until(async () => (await session.view()).state === "idle");
    const { observation, session: place } = await session.step("n > 0");
    expect(observation.results[0]?.forms["text/plain"]).toBe("True");
    expect(place?.interpreter).toBe(1);
  });

  test("cancel kills the run; the session survives without its state, with its files", async () => {
    const session = await service.session({ files: { "a.txt": "a" } });
    const running = session.step(
      "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\nx = 1\nwhile True: pass",
    );
    await until(async () => (await session.view()).state === "busy");
    const queued = session.step("2");
    await until(async () => (await session.view()).queued === 1);
    await until(
      async () => (await service.request(`${session.path}/cancel`, { method: "POST" })).status === 200,
    );
    expect(await running).toMatchObject({
      observation: { outcome: "cancelled" },
      session: { stateLost: true },
    });
    expect((await queued).observation.results[0]?.forms["text/plain"]).toBe("2");
    expect(
      (await session.step("open('a.txt').read(), 'x' in globals()")).observation.results[0]?.forms[
        "text/plain"
      ],
    ).toBe("('a', False)");
  });

  test("executions run one at a time, in the order in which they came", async () => {
    const session = await service.session();
    const codes = Array.from({ length: 8 }, (_, n) => `seen = [*globals().get('seen', []), ${n}]\nseen`);
    const executions = await Promise.all(codes.map((code) => session.step(code)));
    const last = executions
      .toSorted((a, b) => (a.session?.sequence ?? 0) - (b.session?.sequence ?? 0))
      .at(-1);
    const order = executions.map(({ session: place }) => place?.sequence ?? 0);
    expect(order.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(JSON.parse(last?.observation.results[0]?.forms["text/plain"] ?? "[]")).toHaveLength(8);
  });

  test("reset gives another sandbox under the same id, and the sequence restarts", async () => {
    const session = await service.session({ files: { "a.txt": "a" }, env: { TEAM: "red" } });
    const { sandboxId } = await session.view();
    await session.step("x = 1");
    const running = session.step("while True: pass");
    await until(async () => (await session.view()).state === "busy");
    const reset = await session.tell("reset", { files: { "b.txt": "b" } });
    expect(reset).toMatchObject({ id: session.id, sequence: 0, resets: 1, interpreter: 1 });
    expect(reset.sandboxId).not.toBe(sandboxId);
    expect((await running).observation.outcome).toBe("cancelled");
    const after = await session.step(
      "import os\n('x' in globals(), sorted(os.listdir()), os.environ['TEAM'])",
    );
    expect(after).toMatchObject({
      session: { sequence: 1 },
      observation: { results: [{ forms: { "text/plain": "(False, ['b.txt'], 'red')" } }] },
    });
  });

  test("stdin can be fed while the code runs", async () => {
    const session = await service.session();
    const events = eventsOf(
      await session.post(
        {
          code: "print('name?', flush=True)\nname = input()\nprint('hello', name)\nimport sys\nsys.stdin.read()",
          keepStdin: true,
        },
        { accept: "text/event-stream" },
      ),
    );
    const said: string[] = [];
    for await (const { type, data } of events) {
      if (type === "started") continue;
      if (type === "stdout") said.push(data.text);
      if (type === "stdout" && data.text === "name?\n") {
        const { items } = pageOf(executionSummarySchema).parse(
          await (await service.request(`/v1/executions?session=${session.id}`)).json(),
        );
        const url = `/v1/executions/${items[0]?.id}/stdin`;
        const headers = { "content-type": "application/octet-stream" };
        expect((await service.request(url, { method: "POST", body: "Ada\n", headers })).status).toBe(204);
        expect(
          (await service.request(`${url}?close=true`, { method: "POST", body: "rest", headers })).status,
        ).toBe(204);
      }
      if (type === "finished")
        expect(data.execution.observation.results).toEqual([
          { forms: { "text/plain": "'rest'" }, truncated: false },
        ]);
    }
    expect(said.join("")).toBe("name?\nhello Ada\n");
  });
});

describe("its end", () => {
  test("close: everything of it is gone, its record answers with the reason", async () => {
    const session = await service.session();
    const containers = await service.containers();
    const response = await service.request(session.path, { method: "DELETE" });
    expect(sessionSchema.parse(await response.json())).toMatchObject({
      state: "ended",
      termination: { reason: "closed", infra: false },
    });
    await until(
      async () =>
        (await service.containers()).filter((id) => containers.includes(id)).length < containers.length,
    );
    const refused = await session.post("1");
    expect(refused.status).toBe(410);
    expect(await refused.json()).toMatchObject({
      code: "session_ended",
      detail: expect.stringContaining("closed"),
    });
    expect(await session.view()).toMatchObject({ state: "ended" });
  });

  test.each([
    ["ttl", { ttlMs: 1000 }],
    ["idle", { idleMs: 1000 }],
  ] as const)("%s ends it", async (reason, spec) => {
    const session = await service.session(spec);
    await until(async () => (await session.view()).state === "ended");
    expect((await session.view()).termination).toMatchObject({ reason, infra: false });
  });

  test("a container that something else killed ends it with that reason", async () => {
    const session = await service.session();
    const { sandboxId } = await session.view();
    const { docker } = await import("../support/service.ts");
    const [container] = await docker().listContainers({
      filters: { label: [`io.cloche.sandbox=${sandboxId}`] },
    });
    await docker()
      .getContainer(container?.Id ?? "")
      .kill();
    await until(async () => (await session.view()).state === "ended");
    expect((await session.view()).termination).toMatchObject({ reason: "killed", infra: true });
  });
});
