import { Duplex } from "node:stream";
import { describe, expect, test } from "vitest";
import { DockerSandbox } from "../../../src/docker/docker-sandbox.ts";
import { FrameDecoder, FrameEncoder, fromLauncher, toLauncher } from "../../../src/docker/frames.ts";
import { LauncherLink } from "../../../src/docker/launcher-link.ts";
import { aPolicy, aRequest, someEvidence } from "../../support/builders.ts";
import { ManualClock, settled } from "../../support/manual-clock.ts";

const never = new AbortController().signal;

/** A launcher that a test plays, over the engine's attach framing. */
class ScriptedLauncher {
  readonly heard: number[] = [];
  readonly stream: Duplex;
  readonly #encoder = new FrameEncoder();
  /** Called with the type of each frame that the service sends. */
  react: (type: number) => void = () => {};

  constructor() {
    const decoder = new FrameDecoder();
    this.stream = new Duplex({
      read: () => {},
      write: (data: Buffer, _, done) => {
        for (const { type } of decoder.feed(data)) {
          this.heard.push(type);
          this.react(type);
        }
        done();
      },
    });
  }

  say(type: number, payload: Buffer | object = Buffer.alloc(0)): void {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    const frame = this.#encoder.encode(type, bytes);
    const header = Buffer.from([1, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(frame.length, 4);
    this.stream.push(Buffer.concat([header, frame]));
  }

  end(): void {
    this.stream.push(null);
  }
}

const setUp = ({ oomKilled = false, refuseUpdate = false } = {}) => {
  const launcher = new ScriptedLauncher();
  const clock = new ManualClock();
  const calls: string[] = [];
  const { memoryMiB, processes } = aPolicy().limits;
  const container = {
    id: "0123456789abcdef",
    remove: async () => void calls.push("remove"),
    update: async (limits: object) => {
      calls.push(`update ${JSON.stringify(limits)}`);
      if (refuseUpdate) throw new Error("no");
    },
    wait: async () => ({}),
    inspect: async () => ({ State: { OOMKilled: oomKilled } }),
  };
  const sandbox = new DockerSandbox({
    container: container as unknown as ConstructorParameters<typeof DockerSandbox>[0]["container"],
    link: new LauncherLink(launcher.stream),
    clock,
    made: { memoryMiB, processes },
    onGone: () => calls.push("gone"),
  });
  return { launcher, clock, sandbox, calls };
};

const endWell = (launcher: ScriptedLauncher) => {
  launcher.say(fromLauncher.started);
  launcher.say(fromLauncher.stdout, Buffer.from("out"));
  launcher.say(fromLauncher.exit, someEvidence());
  launcher.say(fromLauncher.file, { end: true });
};

describe("DockerSandbox", () => {
  test("warm -> leased -> dirty -> gone, and it runs once", async () => {
    const { sandbox, launcher } = setUp();
    expect(sandbox.state).toBe("warm");
    const running = sandbox.run(aRequest(), never);
    expect(sandbox.state).toBe("leased");
    endWell(launcher);
    expect(await running).toMatchObject({ stdout: Buffer.from("out"), end: { kind: "launcher" } });
    expect(sandbox.state).toBe("dirty");
    await expect(sandbox.run(aRequest(), never)).rejects.toThrow("runs once; this one is dirty");
    await sandbox.destroy();
    expect(sandbox.state).toBe("gone");
    await expect(sandbox.run(aRequest(), never)).rejects.toThrow("gone");
  });

  test("a run that fails leaves it dirty", async () => {
    const { sandbox, launcher } = setUp();
    const running = sandbox.run(aRequest(), never);
    launcher.say(0xff);
    await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: false });
    expect(sandbox.state).toBe("dirty");
  });

  test("is removed once, however often it is destroyed", async () => {
    const { sandbox, calls } = setUp();
    await Promise.all([sandbox.destroy(), sandbox.destroy()]);
    expect(calls).toEqual(["remove", "gone"]);
  });

  test("a ping without an answer fails after its time, not before", async () => {
    const { sandbox, clock } = setUp();
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

  test("a ping is answered by a pong only", async () => {
    const { sandbox, launcher } = setUp();
    launcher.react = () => launcher.say(fromLauncher.pong);
    await sandbox.ping(100);
    launcher.react = () => launcher.say(fromLauncher.started);
    await expect(sandbox.ping(100)).rejects.toThrow("did not answer a ping");
  });

  test("lower limits are the engine's to apply, and a run whose limits can't be applied doesn't start", async () => {
    const limits = { ...aPolicy().limits, memoryMiB: 100, processes: 10 };
    const refusing = setUp({ refuseUpdate: true });
    await expect(refusing.sandbox.run(aRequest({ limits }), never)).rejects.toMatchObject({ started: false });
    expect(refusing.launcher.heard).toEqual([]);
    expect(refusing.calls).toEqual([
      `update ${JSON.stringify({ Memory: 100 * 2 ** 20, MemorySwap: 100 * 2 ** 20, PidsLimit: 10 })}`,
    ]);
  });

  test("a launcher that never says how the run ended is given up after limit, transfer and grace", async () => {
    const { sandbox, launcher, clock } = setUp();
    const running = sandbox.run(aRequest(), never);
    launcher.say(fromLauncher.started);
    launcher.say(fromLauncher.stdout, Buffer.from("partial"));
    await settled();
    await clock.advance(aPolicy().limits.wallMs + 32_000);
    expect(await running).toMatchObject({
      stdout: Buffer.from("partial"),
      end: { kind: "lost", cause: "wall", wallMs: 62_000 },
    });
  });

  test("a cancelled run is cancelled in the sandbox, and given up when the launcher doesn't answer", async () => {
    const { sandbox, launcher, clock } = setUp();
    const abort = new AbortController();
    const running = sandbox.run(aRequest(), abort.signal);
    launcher.say(fromLauncher.started);
    await settled();
    abort.abort();
    await settled();
    expect(launcher.heard).toContain(toLauncher.cancel);
    await clock.advance(1000);
    expect(await running).toMatchObject({ end: { kind: "lost", cause: "cancel" } });
  });

  test.each([
    ["is the code's doing where the engine says that memory ran out", true],
    ["is a fault of the sandbox where it doesn't", false],
  ])("a stream that ends during a run %s", async (_, oomKilled) => {
    const { sandbox, launcher } = setUp({ oomKilled });
    const running = sandbox.run(aRequest(), never);
    launcher.say(fromLauncher.started);
    launcher.end();
    if (oomKilled) expect(await running).toMatchObject({ end: { kind: "lost", cause: "memory" } });
    else await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: true });
  });

  test("a stream that ends before the code started is never the code's doing", async () => {
    const { sandbox, launcher } = setUp({ oomKilled: true });
    const running = sandbox.run(aRequest(), never);
    launcher.end();
    await expect(running).rejects.toMatchObject({ name: "SandboxFault", started: false });
  });
});
