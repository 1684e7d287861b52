import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DockerSandbox } from "../../../src/docker/docker-sandbox.ts";
import { fromLauncher, toLauncher } from "../../../src/docker/link/frames.ts";
import { LauncherChannel } from "../../../src/docker/link/launcher-channel.ts";
import type { RunEvent, RunOptions } from "../../../src/engine/ports/runtime.ts";
import { aPolicy, aRequest, saidEvidence } from "../../support/builders.ts";
import { eventually, FakeLauncher } from "../../support/fake-launcher.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

const options = (change: Partial<RunOptions> = {}): RunOptions => ({
  signal: new AbortController().signal,
  ...change,
});
const MiB = 2 ** 20;
const policy = aPolicy().limits;

const setUp = ({ oomKilled = false, refuseUpdate = false } = {}) => {
  const launcher = new FakeLauncher();
  const clock = new ManualClock();
  const calls: string[] = [];
  const engine = { up: true, running: true };
  const inspect = async () => {
    if (!engine.up) throw new Error("connect ENOENT");
    return { State: { OOMKilled: oomKilled, Running: engine.running, ExitCode: 137 } };
  };
  const container = {
    id: "0123456789abcdef",
    remove: async () => void calls.push("remove"),
    update: async (limits: object) => {
      calls.push(`update ${JSON.stringify(limits)}`);
      if (refuseUpdate) throw new Error("no");
    },
    wait: async () => ({}),
    inspect,
  };
  const channel = new LauncherChannel({ clock, orphanMs: 60_000 });
  const line = {
    attach: async () => launcher.attach(),
    isRunning: async () => (await inspect()).State.Running,
  };
  channel.links.connect(launcher.attach());
  const sandbox = new DockerSandbox({
    id: "sbx_1",
    container: container as unknown as ConstructorParameters<typeof DockerSandbox>[0]["container"],
    channel,
    line,
    clock,
    made: { memoryMiB: policy.memoryMiB, processes: policy.processes },
    adopted: false,
    servesCells: false,
    facts: undefined,
    nameDenied: ({ total, truncated }) => ({ reportedBy: "launcher", total, calls: [], truncated }),
    onGone: () => calls.push("gone"),
  });
  return { launcher, clock, sandbox, calls, channel, engine };
};

const endWell = (launcher: FakeLauncher, output = "out") => {
  launcher.start();
  launcher.event(fromLauncher.stdout, Buffer.from(output));
  launcher.event(fromLauncher.exit, saidEvidence());
};

const setUpSession = async () => {
  const all = setUp();
  all.launcher.onCall = ({ op }) => (op === "open" ? { head: { interpreter: 1 } } : undefined);
  await all.sandbox.openSession({ env: { A: "1" }, seed: 7 });
  return all;
};

const went = async (launcher: FakeLauncher) => await eventually(() => launcher.running !== undefined);

describe("a sandbox for one run", () => {
  test("warm -> leased -> dirty -> gone, and it runs once", async () => {
    const { sandbox, launcher } = setUp();
    expect(sandbox.state).toBe("warm");
    launcher.onRun = () => endWell(launcher);
    const running = sandbox.run(aRequest(), options());
    expect(sandbox.state).toBe("leased");
    expect(await running).toMatchObject({ stdout: Buffer.from("out"), end: { kind: "launcher" } });
    expect(sandbox.state).toBe("dirty");
    await expect(sandbox.run(aRequest(), options())).rejects.toThrow("runs once; this one is dirty");
    await sandbox.destroy();
    expect(sandbox.state).toBe("gone");
    await expect(sandbox.run(aRequest(), options())).rejects.toThrow("gone");
    await expect(sandbox.openSession({ env: {}, seed: null })).rejects.toThrow("gone");
  });

  test("a small action goes out in one write, and nothing of it is retained", async () => {
    const { sandbox, launcher } = setUp();
    let retain: boolean | undefined;
    launcher.onRun = (head) => {
      retain = head.retain;
      endWell(launcher);
    };
    await sandbox.run(aRequest(), options());
    expect(launcher.writes).toHaveLength(1);
    expect(retain).toBe(false);
  });

  test("code, stdin and files arrive as they were, in frames that fit", async () => {
    const { sandbox, launcher } = setUp();
    const content = Buffer.alloc(200_000, 5);
    let got: Buffer = Buffer.alloc(0);
    launcher.onRun = (_, inputs) => {
      got = inputs;
      endWell(launcher);
    };
    await sandbox.run(
      aRequest({ code: Buffer.from("a"), stdin: Buffer.from("b"), files: [{ path: "f", content }] }),
      options(),
    );
    expect(got.equals(Buffer.concat([Buffer.from("ab"), content]))).toBe(true);
  });

  test("events are told of as they come, and in the report", async () => {
    const { sandbox, launcher } = setUp();
    const told: RunEvent[] = [];
    launcher.onRun = () => endWell(launcher);
    const report = await sandbox.run(aRequest(), options({ onEvent: (event) => told.push(event) }));
    expect(told).toEqual([{ type: "started" }, { type: "stdout", data: Buffer.from("out") }]);
    expect(report.stdout.toString()).toBe("out");
  });

  test("a run that fails leaves it dirty", async () => {
    const { sandbox, launcher } = setUp();
    const running = sandbox.run(aRequest(), options());
    launcher.say(0xff);
    await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: false });
    expect(sandbox.state).toBe("dirty");
    await sandbox.closed;
  });

  test("is removed once, however often it is destroyed", async () => {
    const { sandbox, calls } = setUp();
    await Promise.all([sandbox.destroy(), sandbox.destroy()]);
    expect(calls).toEqual(["remove", "gone"]);
  });

  test("a ping without an answer fails after its time, not before", async () => {
    const { sandbox, clock, launcher } = setUp();
    launcher.answersPings = false;
    let failed = false;
    const ping = sandbox.ping(100).catch(() => {
      failed = true;
    });
    await clock.advance(99);
    expect(failed).toBe(false);
    await clock.advance(1);
    await ping;
    expect(failed).toBe(true);
  });

  test("a run whose limits can't be applied doesn't start", async () => {
    const { sandbox, launcher, calls } = setUp({ refuseUpdate: true });
    const limits = { ...policy, memoryMiB: 100, processes: 10 };
    await expect(sandbox.run(aRequest({ limits }), options())).rejects.toMatchObject({ started: false });
    expect(launcher.heard).toEqual([]);
    expect(calls).toEqual([
      `update ${JSON.stringify({ Memory: 100 * MiB, MemorySwap: 100 * MiB, PidsLimit: 10 })}`,
    ]);
  });

  test("more patterns than a call takes are refused before anything runs", async () => {
    const { sandbox, launcher } = setUp();
    const outputs = Array.from({ length: 64 }, () => "x".repeat(1024));
    await expect(sandbox.run(aRequest({ outputs }), options())).rejects.toMatchObject({
      name: "InputsRefused",
    });
    expect(launcher.heard).toEqual([]);
    expect(sandbox.state).toBe("warm");
  });

  test("a launcher that never says how the run ended is given up after limit, transfer and grace", async () => {
    const { sandbox, launcher, clock } = setUp();
    const told: RunEvent[] = [];
    const running = sandbox.run(aRequest(), options({ onEvent: (event) => told.push(event) }));
    await went(launcher);
    launcher.start();
    launcher.event(fromLauncher.stdout, Buffer.from("partial"));
    await settled();
    await clock.advance(policy.wallMs + 32_000);
    expect(await running).toMatchObject({
      stdout: Buffer.from("partial"),
      end: { kind: "lost", cause: "wall", wallMs: 62_000 },
    });
    launcher.event(fromLauncher.stdout, Buffer.from("late"));
    await settled();
    expect(told).toHaveLength(2);
  });

  test("a cancelled run is cancelled in the sandbox, and given up when the launcher doesn't answer", async () => {
    const { sandbox, launcher, clock } = setUp();
    const abort = new AbortController();
    const running = sandbox.run(aRequest(), options({ signal: abort.signal }));
    await went(launcher);
    launcher.start();
    abort.abort();
    await settled();
    expect(launcher.heard.at(-1)).toEqual({ type: toLauncher.cancel, payload: Buffer.from("exe_1") });
    await clock.advance(1000);
    expect(await running).toMatchObject({ end: { kind: "lost", cause: "cancel" } });
  });

  test("a run that was cancelled before the launcher began it ends with the caller's reason", async () => {
    const { sandbox, launcher } = setUp();
    const abort = new AbortController();
    const running = sandbox.run(aRequest(), options({ signal: abort.signal }));
    await went(launcher);
    abort.abort(new Error("gone away"));
    launcher.event(fromLauncher.refused, { errno: 125, reason: "cancelled before it began" });
    await expect(running).rejects.toThrow("gone away");
  });

  test("a refusal for want of processes is a fault where nothing ran before", async () => {
    const { sandbox, launcher } = setUp();
    launcher.onRun = () => launcher.event(fromLauncher.refused, { errno: 11, reason: "no" });
    await expect(sandbox.run(aRequest(), options())).rejects.toMatchObject({
      name: "SandboxFault",
      started: false,
    });
  });

  test.each([
    ["is the code's doing where the engine says that memory ran out", true],
    ["is a fault of the sandbox where it doesn't", false],
  ])("a stream that ends during a run %s", async (_, oomKilled) => {
    const { sandbox, launcher, engine } = setUp({ oomKilled });
    engine.running = false;
    const running = sandbox.run(aRequest(), options());
    await went(launcher);
    launcher.start();
    launcher.end();
    if (oomKilled) expect(await running).toMatchObject({ end: { kind: "lost", cause: "memory" } });
    else await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: true });
  });

  test("a stream that ends before the code started is never the code's doing", async () => {
    const { sandbox, launcher } = setUp({ oomKilled: true });
    const running = sandbox.run(aRequest(), options());
    launcher.end();
    await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: false });
    expect(launcher.attaches).toBe(1);
  });
});

describe("output files", () => {
  const files = [
    { path: "a", bytes: 3, handle: 1 },
    { path: "b", bytes: 0, handle: 2 },
  ];
  const skipped = [{ path: "c", reason: "too_large" }];

  const run = async (
    answers: Record<string, { head: object; data?: Buffer } | undefined>,
    change: Partial<typeof policy> = {},
  ) => {
    const all = setUp();
    const ops: string[] = [];
    all.launcher.onRun = () => endWell(all.launcher);
    all.launcher.onCall = ({ op, handle }) => {
      ops.push(op);
      return answers[`${op} ${handle}`] ?? answers[op];
    };
    const limits = { ...policy, ...change };
    const report = all.sandbox.run(aRequest({ outputs: ["*"], limits }), options());
    return { ...all, report, ops };
  };

  test("are found, read and closed", async () => {
    const { report, ops } = await run({
      collect: { head: { files, skipped } },
      "chunk 1": { head: { end: true }, data: Buffer.from("abc") },
      "chunk 2": { head: { end: true } },
      drop: { head: {} },
    });
    expect((await report).outputs).toEqual({
      files: [
        { path: "a", content: Buffer.from("abc") },
        { path: "b", content: Buffer.alloc(0) },
      ],
      skipped,
    });
    expect(ops).toEqual(["collect", "chunk", "chunk", "drop", "drop"]);
  });

  test("that change while they are read are told of", async () => {
    const { report } = await run({
      collect: { head: { files: files.slice(0, 1), skipped: [] } },
      chunk: { head: { error: { errno: 116, message: "changed" } } },
    });
    expect((await report).outputs).toEqual({ files: [], skipped: [{ path: "a", reason: "unreadable" }] });
  });

  test("that can't be looked for are told of by their patterns", async () => {
    const { report } = await run({
      collect: { head: { error: { errno: 24, message: "too many handles" } } },
    });
    expect(await report).toMatchObject({
      outputs: { files: [], skipped: [{ path: "*", reason: "unreadable" }] },
      end: { kind: "launcher" },
    });
  });

  test.each([
    ["in number", { outputFiles: 1 }],
    ["in bytes", { outputFilesBytes: 2 }],
  ])("more than were asked for, %s, are a breach", async (_, change) => {
    const { report } = await run({ collect: { head: { files, skipped } } }, change);
    await expect(report).rejects.toMatchObject({ name: "SandboxFault", started: true });
  });

  test("a reason to skip that doesn't exist is a breach", async () => {
    const { report } = await run({
      collect: { head: { files: [], skipped: [{ path: "a", reason: "because" }] } },
    });
    await expect(report).rejects.toMatchObject({ name: "SandboxFault", started: true });
  });

  test("that take too long are left out, and the run's end stays known", async () => {
    const { report, launcher, clock, ops } = await run({
      collect: { head: { files, skipped: [] } },
      "chunk 2": { head: { end: true } },
      drop: { head: {} },
    });
    await eventually(() => ops.includes("drop"));
    expect(launcher.running).toBeUndefined();
    await clock.advance(policy.wallMs + 32_000);
    expect(await report).toMatchObject({
      outputs: { files: [{ path: "b" }], skipped: [{ path: "a", reason: "unreadable" }] },
      end: { kind: "launcher" },
    });
  });
});

describe("a session's sandbox", () => {
  test("is opened once, and runs one action after the other", async () => {
    const { sandbox, launcher } = await setUpSession();
    const heads: unknown[] = [];
    launcher.onRun = ({ id, mode, retain }) => {
      heads.push({ id, mode, retain });
      endWell(launcher, id);
    };
    for (const id of ["exe_1", "exe_2"]) {
      const report = await sandbox.run(aRequest({ id, mode: "cell" }), options());
      expect(report.stdout.toString()).toBe(id);
      expect(sandbox.state).toBe("leased");
    }
    expect(heads).toEqual([
      { id: "exe_1", mode: "cell", retain: true },
      { id: "exe_2", mode: "cell", retain: true },
    ]);
    await expect(sandbox.openSession({ env: {}, seed: null })).rejects.toThrow("only a warm sandbox");
  });

  test("runs one action at a time", async () => {
    const { sandbox, launcher } = await setUpSession();
    const first = sandbox.run(aRequest(), options());
    await expect(sandbox.run(aRequest({ id: "exe_2" }), options())).rejects.toThrow("one action at a time");
    await went(launcher);
    endWell(launcher);
    await first;
  });

  test("that can't be opened is used for nothing", async () => {
    const { sandbox, launcher } = setUp();
    launcher.onCall = () => ({ head: { error: { errno: 12, message: "no memory" } } });
    await expect(sandbox.openSession({ env: {}, seed: null })).rejects.toMatchObject({
      name: "SandboxFault",
    });
    expect(sandbox.state).toBe("dirty");
  });

  test("an environment that doesn't fit is refused before anything is sent", async () => {
    const { sandbox, launcher } = setUp();
    const env = { A: "x".repeat(70_000) };
    await expect(sandbox.openSession({ env, seed: null })).rejects.toMatchObject({ name: "InputsRefused" });
    expect(launcher.heard).toEqual([]);
    expect(sandbox.state).toBe("warm");
  });

  test("a run's own lower limits are put back for the next that asks for no less", async () => {
    const { sandbox, launcher, calls } = await setUpSession();
    launcher.onRun = () => endWell(launcher);
    const lower = { ...policy, memoryMiB: 100 };
    for (const limits of [policy, lower, lower, policy, policy])
      await sandbox.run(aRequest({ limits }), options());
    const update = (memoryMiB: number) =>
      `update ${JSON.stringify({ Memory: memoryMiB * MiB, MemorySwap: memoryMiB * MiB, PidsLimit: policy.processes })}`;
    expect(calls).toEqual([update(100), update(policy.memoryMiB)]);
  });

  test("a run survives links that break anywhere in its output, and every byte arrives once", async () => {
    const texts = fc.array(fc.string({ minLength: 1, maxLength: 20 }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(texts, fc.array(fc.nat({ max: 8 }), { maxLength: 3 }), async (output, cuts) => {
        const all = await setUpSession();
        const { sandbox, launcher } = all;
        const told: string[] = [];
        const onEvent = (event: RunEvent) =>
          void told.push("data" in event ? event.data.toString() : event.type);
        const running = sandbox.run(aRequest(), options({ onEvent }));
        await went(launcher);
        launcher.start();
        for (const [index, text] of output.entries()) {
          if (cuts.includes(index)) {
            const { attaches } = launcher;
            launcher.cut();
            if (index % 2 === 0) await eventually(() => launcher.attaches > attaches && sandbox.attached);
          }
          launcher.event(fromLauncher.stdout, Buffer.from(text));
        }
        launcher.event(fromLauncher.exit, saidEvidence());
        expect((await running).stdout.toString()).toBe(output.join(""));
        expect(told).toEqual(["started", ...output]);
        sandbox.release();
      }),
      { numRuns: 50 },
    );
  });

  test("a run goes on while the engine is away, however long its limit is past, as long as it comes back", async () => {
    const { sandbox, launcher, clock, engine } = await setUpSession();
    const limits = { ...policy, wallMs: 10 };
    const running = sandbox.run(aRequest({ limits }), options());
    await went(launcher);
    launcher.start();
    await clock.advance(20_000);
    engine.up = false;
    launcher.cut();
    await eventually(() => !sandbox.attached);
    for (let ms = 0; ms < 20_000; ms += 200) await clock.advance(200);
    engine.up = true;
    await clock.advance(200);
    await eventually(() => sandbox.attached);
    launcher.event(fromLauncher.exit, saidEvidence());
    expect(await running).toMatchObject({ end: { kind: "launcher" } });
  });

  test("a run is lost when the link can't be made anew, and the post mortem tells that the engine was away", async () => {
    const { sandbox, launcher, clock, engine } = await setUpSession();
    const running = sandbox.run(aRequest(), options());
    const failure = expect(running).rejects.toMatchObject({ name: "SandboxFault", started: true });
    await went(launcher);
    launcher.start();
    await settled();
    engine.up = false;
    launcher.cut();
    await eventually(() => !sandbox.attached);
    await clock.advance(200);
    engine.up = true;
    engine.running = false;
    await clock.advance(200);
    await sandbox.closed;
    await failure;
    expect(await sandbox.postMortem()).toMatchObject({ cause: "engine_lost" });
  });

  test("output files are looked for again when the link breaks", async () => {
    const { sandbox, launcher } = await setUpSession();
    let asked = 0;
    launcher.onCall = ({ op }) => {
      if (op === "drop") return { head: {} };
      if (op === "chunk") return { head: { end: true }, data: Buffer.from("abc") };
      asked += 1;
      if (asked === 1) {
        launcher.cut();
        return undefined;
      }
      return { head: { files: [{ path: "a", bytes: 3, handle: 1 }], skipped: [] } };
    };
    launcher.onRun = () => endWell(launcher);
    const { outputs } = await sandbox.run(aRequest({ outputs: ["*"] }), options());
    expect(outputs).toEqual({ files: [{ path: "a", content: Buffer.from("abc") }], skipped: [] });
    expect(asked).toBe(2);
  });

  test("a cancel that the broken link swallowed is sent again", async () => {
    const { sandbox, launcher, engine, clock } = await setUpSession();
    const abort = new AbortController();
    const running = sandbox.run(aRequest(), options({ signal: abort.signal }));
    await went(launcher);
    launcher.start();
    engine.up = false;
    launcher.cut();
    abort.abort();
    await eventually(() => !sandbox.attached);
    engine.up = true;
    await clock.advance(200);
    await eventually(() => launcher.types().includes(toLauncher.cancel));
    launcher.event(fromLauncher.exit, saidEvidence({ killedBy: "cancel" }));
    expect(await running).toMatchObject({ end: { evidence: { killedBy: "cancel" } } });
  });

  test("is ended where its launcher doesn't say how a run ended", async () => {
    const { sandbox, launcher, clock } = await setUpSession();
    const abort = new AbortController();
    const running = sandbox.run(aRequest(), options({ signal: abort.signal }));
    await went(launcher);
    launcher.start();
    await settled();
    abort.abort();
    await clock.advance(10_000);
    expect(await running).toMatchObject({ end: { kind: "lost", cause: "cancel" } });
    await sandbox.closed;
    expect(await sandbox.postMortem()).toMatchObject({ cause: "launcher_failed" });
  });

  test("a stored run is acknowledged", async () => {
    const { sandbox, launcher } = await setUpSession();
    launcher.onRun = () => endWell(launcher);
    await sandbox.run(aRequest(), options());
    sandbox.forget("exe_1");
    await eventually(() => launcher.types().includes(toLauncher.ack));
    expect(launcher.heard.at(-1)?.payload.readBigUInt64BE(0)).toBe(3n);
  });

  test("whose own processes left no room for a run says so, and goes on", async () => {
    const { sandbox, launcher } = await setUpSession();
    launcher.onRun = () => launcher.event(fromLauncher.refused, { errno: 11, reason: "no" });
    const told: RunEvent[] = [];
    const report = await sandbox.run(aRequest(), options({ onEvent: (event) => told.push(event) }));
    expect(report).toMatchObject({ results: [], end: { kind: "refused", cause: "processes" } });
    expect(told).toEqual([]);
    launcher.onRun = () => endWell(launcher);
    expect(await sandbox.run(aRequest({ id: "exe_2" }), options())).toMatchObject({
      end: { kind: "launcher" },
    });
  });

  test("whose files are in the way of a run tells what is, and goes on", async () => {
    const { sandbox, launcher } = await setUpSession();
    launcher.onRun = () => launcher.event(fromLauncher.refused, { errno: 21, reason: "no" });
    await expect(sandbox.run(aRequest(), options())).rejects.toMatchObject({
      name: "InputsRefused",
      errno: 21,
      message: "/workspace/action.py is a folder",
    });
    launcher.onRun = () => endWell(launcher);
    await sandbox.run(aRequest({ id: "exe_2" }), options());
    sandbox.forget("exe_2");
    sandbox.forget("exe_1");
    await eventually(() => launcher.types().includes(toLauncher.ack));
    expect(launcher.heard.at(-1)?.payload.readBigUInt64BE(0)).toBe(4n);
  });

  test("that is released lives on, and what runs in it is not waited for", async () => {
    const { sandbox, launcher, calls } = await setUpSession();
    const running = sandbox.run(aRequest(), options());
    const failure = expect(running).rejects.toMatchObject({ name: "SandboxFault" });
    await went(launcher);
    launcher.start();
    sandbox.release();
    await failure;
    await sandbox.closed;
    expect(calls).toEqual([]);
    expect(launcher.running).toBe("exe_1");
  });
});

describe("an adopted sandbox", () => {
  /** A launcher with a run that was begun by an earlier process. */
  const left = async (kind: "runs" | "is over") => {
    const before = await setUpSession();
    void before.sandbox.run(aRequest(), options()).catch(() => {});
    await went(before.launcher);
    before.launcher.start();
    before.launcher.event(fromLauncher.stdout, Buffer.from("before "));
    if (kind === "is over") before.launcher.event(fromLauncher.exit, saidEvidence());
    await settled();
    before.sandbox.release();
    return before.launcher;
  };

  const adopt = async (launcher: FakeLauncher) => {
    const clock = new ManualClock();
    const channel = new LauncherChannel({ clock, orphanMs: 60_000, adopted: { maxHeldBytes: MiB } });
    const line = { attach: async () => launcher.attach(), isRunning: async () => true };
    channel.links.keep(line);
    await channel.links.linked;
    const calls: string[] = [];
    const sandbox = new DockerSandbox({
      id: "sbx_1",
      container: {
        id: "0123456789abcdef",
        update: async (limits: object) => void calls.push(`update ${JSON.stringify(limits)}`),
      } as unknown as ConstructorParameters<typeof DockerSandbox>[0]["container"],
      channel,
      line,
      clock,
      made: undefined,
      adopted: true,
      servesCells: false,
      facts: undefined,
      nameDenied: ({ total, truncated }) => ({ reportedBy: "launcher", total, calls: [], truncated }),
      onGone: () => {},
    });
    return { sandbox, calls };
  };

  test.each(["runs", "is over"] as const)(
    "goes on with a run that %s, from its first event",
    async (kind) => {
      const launcher = await left(kind);
      const { sandbox } = await adopt(launcher);
      await settled();
      const told: string[] = [];
      const onEvent = (event: RunEvent) =>
        void told.push("data" in event ? event.data.toString() : event.type);
      const resumed = sandbox.resumeRun(aRequest(), options({ onEvent }));
      if (kind === "runs") {
        launcher.event(fromLauncher.stdout, Buffer.from("after"));
        launcher.event(fromLauncher.exit, saidEvidence());
      }
      const report = await resumed;
      expect(report.stdout.toString()).toBe(kind === "runs" ? "before after" : "before ");
      expect(told.slice(0, 2)).toEqual(["started", "before "]);
      sandbox.forget("exe_1");
      await eventually(() => launcher.types().includes(toLauncher.ack));
    },
  );

  test("tells of a run that the launcher never got", async () => {
    const { sandbox } = await adopt(await left("is over"));
    await expect(sandbox.resumeRun(aRequest({ id: "exe_9" }), options())).rejects.toMatchObject({
      name: "RunUnknown",
    });
    expect(sandbox.state).toBe("leased");
  });

  test("applies the limits of its first run, because nobody knows what is in force", async () => {
    const launcher = await left("is over");
    const { sandbox, calls } = await adopt(launcher);
    await sandbox.resumeRun(aRequest(), options());
    launcher.onRun = () => endWell(launcher);
    await sandbox.run(aRequest({ id: "exe_2" }), options());
    await sandbox.run(aRequest({ id: "exe_3" }), options());
    expect(calls).toHaveLength(1);
  });
});
