import { beforeEach, describe, expect, test } from "vitest";
import type { ExecutionEvent } from "../../../../src/domain/execution-event.ts";
import { ExecutionFeed } from "../../../../src/engine/executions/feed.ts";
import type { StoredExecution } from "../../../../src/engine/ports/stores.ts";
import { settled } from "../../../support/manual-clock.ts";
import { aHead } from "../../store/records.ts";

const stored = '{"id":"exe_1"}' as StoredExecution;
const never = new AbortController().signal;

let feed: ExecutionFeed;
beforeEach(() => {
  feed = new ExecutionFeed();
});

/** Reads as fast as it can; `events` grows. */
const follow = (after = 0, signal: AbortSignal = never) => {
  const reader = { events: [] as ExecutionEvent[], done: false };
  void (async () => {
    for await (const event of feed.read(after, signal)) reader.events.push(event);
    reader.done = true;
  })();
  return reader;
};

const begin = () => feed.started({ ...aHead("exe_1"), status: "running" });
const say = (text: string) => feed.output("stdout", Buffer.from(text));
const typesOf = (events: ExecutionEvent[]) => events.map(({ type }) => type);

describe("a reader", () => {
  test("gets each event when it comes", async () => {
    const reader = follow();
    begin();
    await settled();
    expect(typesOf(reader.events)).toEqual(["started"]);
    say("a");
    await settled();
    expect(reader.events[1]).toEqual({ id: 2, type: "stdout", data: '{"text":"a"}' });
    expect(reader.done).toBe(false);
  });

  test("that comes late gets everything, and one that names an event what came after it", async () => {
    begin();
    say("a");
    say("b");
    feed.finished(stored);
    const readers = [follow(), follow(2), follow(4), follow(99)];
    await settled();
    expect(readers.map(({ events }) => events.map(({ id }) => id))).toEqual([[1, 2, 3, 4], [3, 4], [], []]);
    expect(readers.every(({ done }) => done)).toBe(true);
  });

  test("that reads slowly misses nothing and holds nobody up", async () => {
    const slow = feed.read(0, never);
    const fast = follow();
    begin();
    for (const letter of "abc") say(letter);
    feed.finished(stored);
    await settled();
    expect(fast.done).toBe(true);
    const seen: ExecutionEvent[] = [];
    for await (const event of slow) {
      seen.push(event);
      await settled();
    }
    expect(seen).toEqual(fast.events);
  });

  test("gets nothing after the last event", async () => {
    const reader = follow();
    begin();
    feed.finished(stored);
    await settled();
    expect(reader).toMatchObject({ done: true, events: [{ type: "started" }, { type: "finished" }] });
    expect(feed.ended).toBe(true);
  });

  test("whose wait is aborted ends without a last event, and the others go on", async () => {
    const gone = new AbortController();
    const [leaving, staying] = [follow(0, gone.signal), follow()];
    begin();
    await settled();
    gone.abort();
    await settled();
    expect(leaving).toMatchObject({ done: true, events: [{ type: "started" }] });
    feed.failed('{"code":"internal"}');
    await settled();
    expect(typesOf(staying.events)).toEqual(["started", "error"]);
  });

  test("that is gone before it begins gets nothing", async () => {
    begin();
    const reader = follow(0, AbortSignal.abort());
    await settled();
    expect(reader).toEqual({ done: true, events: [] });
  });
});

test("a feed that is cut ends every reader after what there is, with no end that is none", async () => {
  begin();
  const readers = [follow(), follow(1)];
  await settled();
  say("a");
  feed.cut();
  readers.push(follow());
  await settled();
  expect(readers.map(({ events }) => typesOf(events))).toEqual([
    ["started", "stdout"],
    ["stdout"],
    ["started", "stdout"],
  ]);
  expect(readers.every(({ done }) => done)).toBe(true);
  expect(feed.ended).toBe(false);
});

test("what was held back of a character comes out before the files", async () => {
  begin();
  feed.output("stderr", Buffer.from([0x61, 0xe8, 0xaa]));
  expect(feed.complete([{ path: "a", bytes: 1 }])).toBe("s0 e1 E2");
  feed.finished(stored);
  const reader = follow();
  await settled();
  expect(reader.events.map(({ type, data }) => [type, String(data)]).slice(1)).toEqual([
    ["stderr", '{"text":"a"}'],
    ["stderr", '{"base64":"6Ko="}'],
    ["file", '{"path":"a","bytes":1}'],
    ["finished", `{"execution":${stored}}`],
  ]);
});

test("what may be large is the same memory for every reader", async () => {
  begin();
  feed.result({ forms: [] });
  feed.finished(stored);
  const readers = [follow(), follow()];
  await settled();
  for (const at of [1, 2]) {
    const [one, other] = readers.map(({ events }) => events[at]?.data);
    expect(one).toBeInstanceOf(Buffer);
    expect(one).toBe(other);
  }
});
