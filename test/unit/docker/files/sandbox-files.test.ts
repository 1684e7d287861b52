import { describe, expect, test } from "vitest";
import { LauncherFiles } from "../../../../src/docker/files/sandbox-files.ts";
import { LauncherCalls } from "../../../../src/docker/link/launcher-calls.ts";
import { LauncherChannel } from "../../../../src/docker/link/launcher-channel.ts";
import { StdinFeed } from "../../../../src/docker/run/stdin-feed.ts";
import { type CallHead, eventually, FakeLauncher } from "../../../support/fake-launcher.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const entry = { path: "a", type: "file", bytes: 3, modifiedMs: 1.5, mode: 0o644 };

const setUp = () => {
  const launcher = new FakeLauncher();
  const channel = new LauncherChannel({ clock: new ManualClock(), orphanMs: 60_000 });
  channel.links.connect(launcher.attach());
  const calls: CallHead[] = [];
  const ops = () => calls.map(({ op }) => op);
  /** Answers by operation. */
  const answers: Record<string, (head: CallHead, data: Buffer) => { head: object; data?: Buffer }> = {
    drop: () => ({ head: {} }),
  };
  launcher.onCall = (head, data) => {
    calls.push(head);
    return answers[head.op]?.(head, data) ?? { head: { error: { errno: 38, message: "no" } } };
  };
  const launcherCalls = new LauncherCalls(channel);
  return { launcher, channel, calls, ops, answers, files: new LauncherFiles(launcherCalls), launcherCalls };
};

async function* of(...parts: Buffer[]) {
  yield* parts;
}

const written = (all: ReturnType<typeof setUp>) => {
  const parts: Buffer[] = [];
  all.answers["write"] = () => ({ head: { handle: 7 } });
  all.answers["append"] = (_, data) => {
    parts.push(data);
    return { head: {} };
  };
  all.answers["put"] = (_, data) => {
    parts.push(data);
    return { head: { created: false } };
  };
  all.answers["commit"] = () => ({ head: { created: true } });
  return parts;
};

describe("reading", () => {
  test("brings the content in pieces and closes the file", async () => {
    const all = setUp();
    let left = 3;
    all.answers["read"] = () => ({ head: { handle: 5, bytes: 3, modifiedMs: 1, mode: 0o600 } });
    all.answers["chunk"] = () => {
      left -= 1;
      return { head: { end: left === 0 }, data: Buffer.from(String(left)) };
    };
    const { entry: found, content } = await all.files.read("a");
    expect(found).toEqual({ path: "a", type: "file", bytes: 3, modifiedMs: 1, mode: 0o600 });
    const parts: string[] = [];
    for await (const part of content) parts.push(part.toString());
    expect(parts).toEqual(["2", "1", "0"]);
    await eventually(() => all.ops().includes("drop"));
    expect(all.ops()).toEqual(["read", "chunk", "chunk", "chunk", "drop"]);
  });

  test("an empty file has no content", async () => {
    const all = setUp();
    all.answers["read"] = () => ({ head: { handle: 5, bytes: 0, modifiedMs: 1, mode: 0o600 } });
    all.answers["chunk"] = () => ({ head: { end: true } });
    const { content } = await all.files.read("a");
    for await (const _ of content) expect.unreachable();
  });

  test.each([
    ["who stops in the middle", true],
    ["who never begins", false],
  ])("%s closes the file", async (_, begins) => {
    const all = setUp();
    all.answers["read"] = () => ({ head: { handle: 5, bytes: 9, modifiedMs: 1, mode: 0o600 } });
    all.answers["chunk"] = () => ({ head: { end: false }, data: Buffer.from("x") });
    const { content } = await all.files.read("a");
    const iterator = content[Symbol.asyncIterator]();
    if (begins) await iterator.next();
    await iterator.return?.();
    await eventually(() => all.ops().includes("drop"));
    expect(await iterator.next()).toMatchObject({ done: true });
  });

  test("a file that changes while it is read is refused, and closed", async () => {
    const all = setUp();
    all.answers["read"] = () => ({ head: { handle: 5, bytes: 9, modifiedMs: 1, mode: 0o600 } });
    all.answers["chunk"] = () => ({ head: { error: { errno: 116, message: "changed" } } });
    const { content } = await all.files.read("a");
    await expect(content[Symbol.asyncIterator]().next()).rejects.toMatchObject({
      name: "FileRefused",
      errno: 116,
    });
    await eventually(() => all.ops().includes("drop"));
  });

  test.each([
    ["more content than it was said to have", { head: { end: true }, data: Buffer.alloc(4) }],
    ["less content than it was said to have", { head: { end: true }, data: Buffer.alloc(2) }],
    ["no progress", { head: { end: false } }],
  ])("%s is a breach of the protocol", async (_, answer) => {
    const all = setUp();
    all.answers["read"] = () => ({ head: { handle: 5, bytes: 3, modifiedMs: 1, mode: 0o600 } });
    all.answers["chunk"] = () => answer;
    const { content } = await all.files.read("a");
    await expect(content[Symbol.asyncIterator]().next()).rejects.toMatchObject({ name: "SandboxFault" });
    await all.channel.links.closed;
  });
});

describe("writing", () => {
  test.each([
    ["nothing", []],
    ["a little", [Buffer.from("a"), Buffer.from("b")]],
  ])("%s takes one call", async (_, parts) => {
    const all = setUp();
    const got = written(all);
    const whole = Buffer.concat(parts);
    expect(await all.files.write("a", of(...parts), 0o600)).toEqual({ created: false, bytes: whole.length });
    expect(all.calls).toEqual([{ op: "put", path: "a", mode: 0o600 }]);
    expect(Buffer.concat(got).equals(whole)).toBe(true);
  });

  test("much goes in pieces that fit, in order, and is put in place at the end", async () => {
    const all = setUp();
    const got = written(all);
    const parts = Array.from({ length: 30 }, (_, index) => Buffer.alloc(33_333, index));
    const whole = Buffer.concat(parts);
    expect(await all.files.write("a", of(...parts), 0o644)).toEqual({ created: true, bytes: whole.length });
    expect(all.ops()[0]).toBe("write");
    expect(all.ops().at(-1)).toBe("commit");
    expect(Buffer.concat(got).equals(whole)).toBe(true);
  });

  test("no more than eight pieces are on their way", async () => {
    const all = setUp();
    written(all);
    let open = 0;
    const waiting: number[] = [];
    all.launcher.onCall = (head, _data, call) => {
      if (head.op === "write") return { head: { handle: 7 } };
      if (head.op === "commit") return { head: { created: true } };
      open += 1;
      waiting.push(call);
      return undefined;
    };
    const write = all.files.write("a", of(Buffer.alloc(1_000_000)), 0o644);
    await eventually(() => open === 8);
    let answered = 0;
    while (answered < 17) {
      expect(waiting.length).toBeLessThanOrEqual(8);
      const call = waiting.shift();
      if (call === undefined) {
        const before = open;
        await eventually(() => open > before);
        continue;
      }
      answered += 1;
      all.launcher.answer(call, { head: {} });
      const expected = Math.min(17, 8 + answered);
      await eventually(() => open === expected);
    }
    expect(await write).toEqual({ created: true, bytes: 1_000_000 });
  });

  test.each([
    ["the content fails", "write", () => ({ head: { handle: 7 } }), "no more"],
    ["there is no room", "append", () => ({ head: { error: { errno: 28, message: "full" } } }), "full"],
    [
      "it can't be put in place",
      "commit",
      () => ({ head: { error: { errno: 21, message: "folder" } } }),
      "folder",
    ],
  ])("where %s nothing is left", async (_, op, answer, message) => {
    const all = setUp();
    written(all);
    all.answers[op] = answer;
    async function* failing() {
      yield Buffer.alloc(200_000);
      if (message === "no more") throw new Error(message);
    }
    await expect(all.files.write("a", failing(), 0o644)).rejects.toThrow(message);
    await eventually(() => all.ops().includes("drop"));
  });

  test("a refused write stops its content", async () => {
    const all = setUp();
    written(all);
    all.answers["write"] = () => ({ head: { error: { errno: 20, message: "not a folder" } } });
    let stopped = false;
    async function* content() {
      try {
        for (;;) yield Buffer.alloc(100_000);
      } finally {
        stopped = true;
      }
    }
    await expect(all.files.write("a/b", content(), 0o644)).rejects.toMatchObject({ errno: 20 });
    expect(stopped).toBe(true);
  });
});

describe("names", () => {
  test("are listed, looked at, made and removed", async () => {
    const all = setUp();
    all.answers["list"] = () => ({
      head: { entries: [entry, { ...entry, pathBase64: "/w==" }], more: true },
    });
    all.answers["stat"] = () => ({ head: entry });
    all.answers["folder"] = () => ({ head: {} });
    all.answers["remove"] = () => ({ head: { removed: 2 } });
    expect(await all.files.list("", { recursive: true, max: 2 })).toMatchObject({ more: true });
    expect(await all.files.stat("a")).toEqual(entry);
    await all.files.makeFolder("b/c");
    expect(await all.files.remove("b", { recursive: true })).toBe(2);
    expect(all.calls).toEqual([
      { op: "list", path: "", recursive: true, after: null, max: 2 },
      { op: "stat", path: "a" },
      { op: "folder", path: "b/c" },
      { op: "remove", path: "b", recursive: true },
    ]);
  });

  test.each([
    ["a field of its own", { ...entry, owner: "root" }],
    ["a type that doesn't exist", { ...entry, type: "door" }],
    ["a size that is none", { ...entry, bytes: -1 }],
    ["nothing", null],
  ])("an entry with %s is a breach of the protocol", async (_, head) => {
    const all = setUp();
    all.answers["stat"] = () => ({ head: head as object });
    await expect(all.files.stat("a")).rejects.toMatchObject({ name: "SandboxFault" });
    await all.channel.links.closed;
  });
});

describe("StdinFeed", () => {
  const fed = () => {
    const all = setUp();
    const got: { close: unknown; data: Buffer }[] = [];
    const state = { waiting: 0 };
    all.answers["stdin"] = ({ close }, data) => {
      got.push({ close, data });
      return { head: { waiting: state.waiting } };
    };
    return { got, state, feed: new StdinFeed(all.launcherCalls) };
  };

  test("feeds in order, in pieces, and closes behind the last", async () => {
    const { got, feed } = fed();
    const long = Buffer.alloc(150_000, 1);
    await Promise.all([feed.feed("r", long, false), feed.feed("r", Buffer.from("end"), true)]);
    expect(Buffer.concat(got.map(({ data }) => data)).equals(Buffer.concat([long, Buffer.from("end")]))).toBe(
      true,
    );
    expect(got.map(({ close }) => close)).toEqual([false, false, false, false, true]);
  });

  test("nothing but an end can be fed too", async () => {
    const { got, feed } = fed();
    await feed.feed("r", Buffer.alloc(0), true);
    expect(got).toEqual([{ close: true, data: Buffer.alloc(0) }]);
  });

  test("what doesn't fit as a whole is refused as a whole", async () => {
    const { got, feed, state } = fed();
    state.waiting = 1_000_000;
    await expect(feed.feed("r", Buffer.alloc(100_000), false)).rejects.toMatchObject({ errno: 11 });
    expect(Buffer.concat(got.map(({ data }) => data))).toHaveLength(0);
  });
});
