import { describe, expect, test } from "vitest";
import { fitsCall } from "../../../../src/docker/link/calls.ts";
import { fromLauncher, MAX_TO_LAUNCHER_BYTES, toLauncher } from "../../../../src/docker/link/frames.ts";
import { LauncherChannel, type RunHandler } from "../../../../src/docker/link/launcher-channel.ts";
import { FileRefused } from "../../../../src/engine/ports/sandbox-files.ts";
import { eventually, FakeLauncher } from "../../../support/fake-launcher.ts";
import { ManualClock, settled } from "../../../support/manual-clock.ts";

const setUp = ({ orphanMs = 60_000 } = {}) => {
  const launcher = new FakeLauncher();
  const clock = new ManualClock();
  const channel = new LauncherChannel({ clock, orphanMs });
  channel.links.connect(launcher.attach());
  const engine = { up: true, running: true };
  const line = {
    attach: async () => launcher.attach(),
    isRunning: async () => {
      if (!engine.up) throw new Error("connect ENOENT");
      return engine.running;
    },
  };
  return { launcher, clock, channel, engine, line };
};

const anyRun = { take: () => {}, relinked: () => {} };
const relinked = async ({ launcher, channel }: ReturnType<typeof setUp>, attaches = 2) =>
  await eventually(() => launcher.attaches === attaches && channel.links.current !== undefined);

describe("pings", () => {
  test("are told apart, and bring the CPU time", async () => {
    const { launcher, channel } = setUp();
    launcher.answersPings = false;
    const pings = [channel.ping(100), channel.ping(100)];
    await settled();
    const [first, second] = launcher.heard.map(({ payload }) => payload);
    const cpu = (ns: bigint) => {
      const bytes = Buffer.alloc(8);
      bytes.writeBigUInt64BE(ns);
      return bytes;
    };
    launcher.say(fromLauncher.pong, Buffer.concat([second ?? Buffer.alloc(0), cpu(2_500_000n)]));
    launcher.say(fromLauncher.pong, Buffer.concat([first ?? Buffer.alloc(0), cpu(0n)]));
    expect(await Promise.all(pings)).toEqual([{ cpuMs: 0 }, { cpuMs: 2.5 }]);
  });

  test("are signs of life too: one goes out in a quarter of the launcher's patience", async () => {
    const { launcher, clock, channel } = setUp({ orphanMs: 4000 });
    await clock.advance(1000);
    await clock.advance(1000);
    expect(launcher.types()).toEqual([toLauncher.ping, toLauncher.ping]);
    channel.links.close();
    await clock.advance(1000);
    expect(launcher.heard).toHaveLength(2);
  });
});

describe("calls", () => {
  test("are answered each with its own answer, in any order", async () => {
    const { launcher, channel } = setUp();
    const asked: number[] = [];
    launcher.onCall = (_head, _data, call) => {
      asked.push(call);
      return undefined;
    };
    const answers = [channel.ask({ op: "a" }), channel.ask({ op: "b" }, Buffer.from("x"))];
    await eventually(() => asked.length === 2);
    launcher.answer(asked[1] ?? 0, { head: { b: 1 }, data: Buffer.from("y") });
    launcher.answer(asked[0] ?? 0, { head: { a: 1 } });
    expect(await Promise.all(answers)).toEqual([
      { head: { a: 1 }, data: Buffer.alloc(0) },
      { head: { b: 1 }, data: Buffer.from("y") },
    ]);
  });

  test("that the launcher refuses reject with its number and a bounded message", async () => {
    const { launcher, channel } = setUp();
    launcher.onCall = () => ({ head: { error: { errno: 2, message: "x".repeat(9000) } } });
    const error = await channel.ask({ op: "stat" }).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(FileRefused);
    expect(error).toMatchObject({ errno: 2, message: "x".repeat(500) });
  });

  test("without an answer are given up after their time, and a late answer is nobody's", async () => {
    const { launcher, clock, channel } = setUp();
    let asked = 0;
    launcher.onCall = (_head, _data, call) => {
      asked = call;
      return undefined;
    };
    const answer = channel.ask({ op: "stat" });
    const failure = expect(answer).rejects.toMatchObject({ name: "SandboxFault", started: false });
    await eventually(() => asked > 0);
    await clock.advance(30_000);
    await failure;
    launcher.answer(asked, { head: {} });
    expect(await channel.ping(100)).toEqual({ cpuMs: 5 });
  });

  test("are bounded in number and in size", async () => {
    const { channel } = setUp();
    const asked = Array.from({ length: 256 }, () => channel.ask({ op: "stat" }).catch(() => "over"));
    await expect(channel.ask({ op: "stat" })).rejects.toMatchObject({ name: "FileRefused", errno: 11 });
    channel.links.close();
    expect(await Promise.all(asked)).toEqual(asked.map(() => "over"));

    const other = setUp().channel;
    const data = Buffer.alloc(MAX_TO_LAUNCHER_BYTES);
    expect(fitsCall({ op: "put" }, data.length)).toBe(false);
    await expect(other.ask({ op: "put" }, data)).rejects.toMatchObject({ name: "FileRefused", errno: 90 });
  });

  test.each([
    ["an answer to what nobody asked", Buffer.from([0, 0, 0, 9, 0, 0, 0, 2, 0x7b, 0x7d])],
    ["an answer without a number", Buffer.from([0, 0])],
    ["an answer that is cut off", Buffer.from([0, 0, 0, 1, 0, 0, 0, 9, 0x7b, 0x7d])],
  ])("%s ends the channel", async (_, payload) => {
    const { launcher, channel } = setUp();
    const answer = channel.ask({ op: "stat" }).catch((error: unknown) => error);
    await settled();
    launcher.say(fromLauncher.result, payload);
    await channel.links.closed;
    expect(channel.links.fault).toBeDefined();
    expect(await answer).toMatchObject({ name: "SandboxFault" });
  });
});

describe("a launcher breaks the protocol with", () => {
  test.each([
    ["an event of no run", fromLauncher.stdout, Buffer.alloc(9)],
    ["an event without a number", fromLauncher.stdout, Buffer.alloc(3)],
    ["a second HELLO", fromLauncher.hello, Buffer.alloc(0)],
    ["RESUMED that nobody asked for", fromLauncher.resumed, Buffer.alloc(0)],
    ["an answer to no ping", fromLauncher.pong, Buffer.alloc(16, 1)],
    ["a frame that doesn't exist", 0xf0, Buffer.alloc(0)],
  ])("%s, and its link is not made anew", async (_, type, payload) => {
    const { launcher, channel, line } = setUp();
    channel.links.keep(line);
    launcher.say(fromLauncher.hello, Buffer.from("{}"));
    expect(await channel.hello).toEqual(Buffer.from("{}"));
    launcher.say(type, payload);
    await channel.links.closed;
    expect(channel.links.fault).toBeDefined();
    expect(launcher.attaches).toBe(1);
  });
});

describe("a link that is lost", () => {
  test("is the end where it is not kept", async () => {
    const { launcher, channel } = setUp();
    launcher.complain("out of luck");
    launcher.end();
    await channel.links.closed;
    expect(channel.links.fault).toBeUndefined();
    expect(channel.links.complaint).toBe("out of luck");
    expect(await channel.hello).toBeUndefined();
    await expect(channel.ping(100)).rejects.toThrow("the sandbox is over: out of luck");
  });

  test("is made anew where it is kept: what was in flight breaks, what comes later waits for it", async () => {
    const all = setUp();
    const { launcher, channel, line, engine, clock } = all;
    channel.links.keep(line);
    launcher.answersPings = false;
    const broken = [channel.ask({ op: "stat" }), channel.ping(9999)];
    const failures = broken.map((one) => expect(one).rejects.toThrow("the link to the sandbox broke"));
    await settled();
    engine.up = false;
    launcher.cut();
    await Promise.all(failures);
    expect(channel.links.current).toBeUndefined();
    launcher.answersPings = true;
    launcher.onCall = () => ({ head: { ok: true } });
    const later = [channel.ask({ op: "stat" }), channel.ping(9999)];
    engine.up = true;
    await clock.advance(200);
    await relinked(all);
    expect(await Promise.all(later)).toMatchObject([{ head: { ok: true } }, { cpuMs: 5 }]);
    expect(channel.links.engineWasAway).toBe(true);
  });

  test("answers to calls of an older link are nobody's", async () => {
    const all = setUp();
    const { launcher, channel, line } = all;
    channel.links.keep(line);
    let asked = 0;
    launcher.onCall = (_head, _data, call) => {
      asked = call;
      return undefined;
    };
    const broken = channel.ask({ op: "stat" }).catch(() => "broken");
    await eventually(() => asked > 0);
    launcher.cut();
    await relinked(all);
    expect(await broken).toBe("broken");
    launcher.answer(asked, { head: {} });
    expect(await channel.ping(100)).toEqual({ cpuMs: 5 });
  });

  test("is made anew although the engine kept bytes of the old one", async () => {
    const all = setUp();
    const { launcher, channel, line } = all;
    channel.links.keep({
      ...line,
      attach: async () => {
        const stream = launcher.attach();
        launcher.write(Buffer.from("the rest of a frame"));
        return stream;
      },
    });
    launcher.cut();
    await relinked(all);
    expect(await channel.ping(100)).toEqual({ cpuMs: 5 });
  });

  test("is tried for again where the launcher doesn't answer, and given up in the end", async () => {
    const { launcher, channel, line, clock } = setUp();
    channel.links.keep(line);
    launcher.answersResume = false;
    let over = false;
    void channel.links.closed.then(() => {
      over = true;
    });
    launcher.cut();
    let ms = 0;
    for (; !over && ms < 60_000; ms += 200) await clock.advance(200);
    expect(ms).toBeGreaterThanOrEqual(30_000);
    expect(ms).toBeLessThan(40_000);
    expect(launcher.attaches).toBeGreaterThan(3);
    expect(channel.links.fault).toBeUndefined();
  });

  test("is given up at once where the container doesn't run", async () => {
    const { launcher, channel, line, engine } = setUp();
    channel.links.keep(line);
    engine.running = false;
    launcher.cut();
    await channel.links.closed;
    expect(launcher.attaches).toBe(1);
  });

  test("is waited for no longer than the engine may take", async () => {
    const { launcher, channel, line, clock } = setUp();
    channel.links.keep({ ...line, isRunning: () => new Promise(() => {}) });
    launcher.cut();
    let over = false;
    void channel.links.closed.then(() => {
      over = true;
    });
    let ms = 0;
    for (; !over && ms < 60_000; ms += 500) await clock.advance(500);
    expect(ms).toBeLessThan(40_000);
    expect(channel.links.engineWasAway).toBe(true);
  });

  test("ends as a breach where the launcher has no session", async () => {
    const { launcher, channel, line } = setUp();
    launcher.interpreter = 0;
    channel.links.keep(line);
    launcher.cut();
    await channel.links.closed;
    expect(channel.links.fault?.message).toContain("no session");
  });
});

describe("a run over links that break", () => {
  const begin = (all: ReturnType<typeof setUp>, handler: RunHandler = anyRun) => {
    const { channel, launcher, line } = all;
    let sent = 0;
    channel.links.keep(line);
    const head = Buffer.from(
      JSON.stringify({ id: "exe_1", codeBytes: 0, stdinBytes: 0, files: [], retain: true }),
    );
    channel.begin(
      "exe_1",
      async (link) => {
        sent += 1;
        await link.send(toLauncher.run, Buffer.from(JSON.stringify({ headBytes: head.length })));
        // The first time the link breaks in the middle.
        if (sent > 1) await link.send(toLauncher.input, head);
        else launcher.cut();
      },
      handler,
    );
    return () => sent;
  };

  test("is sent again where the launcher never got it, before all that waits", async () => {
    const all = setUp();
    all.engine.up = false;
    const sent = begin(all);
    await eventually(() => all.channel.links.current === undefined);
    all.channel.interrupt("exe_1");
    all.engine.up = true;
    await all.clock.advance(200);
    await relinked(all);
    await eventually(() => all.launcher.types().includes(toLauncher.interrupt));
    expect(sent()).toBe(2);
    expect(all.launcher.types().slice(-4)).toEqual([
      toLauncher.resume,
      toLauncher.run,
      toLauncher.input,
      toLauncher.interrupt,
    ]);
    expect(all.launcher.running).toBe("exe_1");
  });

  test("goes on where the launcher has it: events come once, its owner hears of the new link, the last ACK again", async () => {
    const all = setUp();
    const { launcher, channel } = all;
    const seen: number[] = [];
    const told: number[] = [];
    begin(all, { take: ({ number }) => void seen.push(number), relinked: () => void told.push(1) });
    await relinked(all);
    await eventually(() => launcher.running !== undefined);
    launcher.start();
    launcher.event(fromLauncher.stdout, Buffer.from("x"));
    await eventually(() => seen.length === 2);
    launcher.cut();
    launcher.event(fromLauncher.stdout, Buffer.from("said to nobody"));
    await relinked(all, 3);
    launcher.event(fromLauncher.exit);
    await eventually(() => seen.length === 4);
    expect(seen).toEqual([1, 2, 3, 4]);
    expect(told).toHaveLength(2);
    channel.forget("exe_1");
    const acks = () =>
      launcher.heard.filter(({ type }) => type === toLauncher.ack).map(({ payload }) => payload[7]);
    await eventually(() => acks().length === 1);
    launcher.cut();
    await relinked(all, 4);
    await eventually(() => acks().length === 2);
    expect(acks()).toEqual([4, 4]);
  });
});
