import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { RunFrame } from "../../../../src/docker/link/event-number.ts";
import { fromLauncher } from "../../../../src/docker/link/frames.ts";
import { RunEvents } from "../../../../src/docker/run/run-events.ts";

const { started, stdout, exit, refused } = fromLauncher;

const event = (number: number, type: number, payload: Buffer = Buffer.alloc(0)): RunFrame => ({
  number,
  type,
  payload,
});
const start = (number: number, id: string) => event(number, started, Buffer.from(JSON.stringify({ id })));
const nothing = () => {};
const made = () => new RunEvents({ adopted: false, maxHeldBytes: 0 });
const adopted = (maxHeldBytes = 1000) => new RunEvents({ adopted: true, maxHeldBytes });
const resumed = (running: string | null, retained: string[] = []) => ({ running, retained, interpreter: 1 });

describe("RunEvents", () => {
  test("gives each event to the run that goes on", () => {
    const events = made();
    const seen: string[] = [];
    events.begin("a", ({ number }) => seen.push(`a${number}`));
    for (const one of [start(1, "a"), event(2, stdout), event(3, exit)]) events.take(one);
    events.begin("b", ({ number }) => seen.push(`b${number}`));
    for (const one of [start(4, "b"), event(5, exit)]) events.take(one);
    expect(seen).toEqual(["a1", "a2", "a3", "b4", "b5"]);
  });

  test.each([
    ["an event of no run", [event(1, stdout)], false],
    ["a gap", [start(1, "a"), event(3, stdout)], true],
    ["a repeated event", [start(1, "a"), event(1, stdout)], true],
    ["a first event with another number", [start(2, "a")], true],
    ["the start of another run", [start(1, "b")], true],
    ["an event after the last one", [start(1, "a"), event(2, exit), event(3, stdout)], true],
    ["a start that is no JSON", [event(1, started, Buffer.from("{"))], true],
  ])("%s is a breach", (_, frames, begun) => {
    const events = made();
    if (begun) events.begin("a", nothing);
    expect(() => {
      for (const frame of frames) events.take(frame);
    }).toThrow();
  });

  test("one run at a time", () => {
    const events = made();
    events.begin("a", nothing);
    expect(() => events.begin("b", nothing)).toThrow("one run at a time");
  });

  test("after a resume every event arrives once, wherever the link was cut and replayed from", () => {
    const total = 20;
    const replay = fc.record({
      upTo: fc.integer({ min: 0, max: total }),
      from: fc.integer({ min: 1, max: total }),
    });
    fc.assert(
      fc.property(fc.array(replay, { maxLength: 6 }), (cuts) => {
        const events = made();
        const seen: number[] = [];
        events.begin("a", ({ number }) => seen.push(number));
        const all = Array.from({ length: total }, (_, index) =>
          index === 0 ? start(1, "a") : event(index + 1, index + 1 === total ? exit : stdout),
        );
        let arrived = 0;
        for (const { upTo, from } of cuts) {
          const first = Math.min(from, arrived + 1);
          for (const one of all.slice(first - 1, Math.max(upTo, first - 1))) events.take(one);
          arrived = Math.max(arrived, upTo);
          const running = arrived < total ? "a" : null;
          events.resumed(resumed(running, ["a"]));
        }
        for (const one of all) events.take(one);
        expect(seen).toEqual(all.map(({ number }) => number));
      }),
    );
  });
});

describe("a resume", () => {
  test("tells of the run that the launcher never got", () => {
    const events = made();
    events.begin("a", nothing);
    expect(events.resumed(resumed(null))).toBe("a");
    expect(events.resumed(resumed("a"))).toBeUndefined();
    expect(events.resumed(resumed(null, ["a"]))).toBeUndefined();
  });

  test("of a launcher that lost a run, or has one that nobody sent, is a breach", () => {
    const events = made();
    expect(() => events.resumed(resumed("x"))).toThrow("not sent");
    events.begin("a", nothing);
    events.take(start(1, "a"));
    expect(() => events.resumed(resumed(null))).toThrow("lost a run");
  });
});

describe("acknowledging", () => {
  test("goes up to the last event of the last run before which all are forgotten", () => {
    const events = made();
    for (const [id, first] of [
      ["a", 1],
      ["b", 3],
      ["c", 5],
    ] as const) {
      events.begin(id, nothing);
      events.take(start(first, id));
      events.take(event(first + 1, exit));
    }
    expect(events.forget("b")).toBeUndefined();
    expect(events.forget("a")).toBe(4);
    expect(events.forget("a")).toBeUndefined();
    expect(events.forget("nope")).toBeUndefined();
    expect(events.forget("c")).toBe(6);
  });

  test("covers a run that was refused, and does not wait for one that never began", () => {
    const events = made();
    events.begin("refused", nothing);
    events.take(event(1, refused));
    expect(events.forget("never begun")).toBeUndefined();
    events.begin("fine", nothing);
    events.take(start(2, "fine"));
    events.take(event(3, exit));
    expect(events.forget("fine")).toBeUndefined();
    expect(events.forget("refused")).toBe(3);
    expect(events.forget("refused")).toBeUndefined();
  });

  test("waits for the end of a run that is forgotten before", () => {
    const events = made();
    events.begin("a", nothing);
    expect(events.forget("a")).toBeUndefined();
    events.take(start(1, "a"));
    events.take(event(2, exit));
    expect(events.acknowledged()).toBe(2);
  });
});

describe("an adopted launcher's events", () => {
  test("are held until their run is claimed, whatever number they begin with", () => {
    const events = adopted();
    events.resumed(resumed("b", ["a", "b"]));
    for (const one of [start(41, "a"), event(42, exit), start(43, "b")]) events.take(one);
    const seen: number[] = [];
    expect(events.claim("b", ({ number }) => seen.push(number))).toBe(false);
    events.take(event(44, stdout));
    expect(seen).toEqual([43, 44]);
    expect(events.claim("a", ({ number }) => seen.push(number))).toBe(true);
    expect(seen).toEqual([43, 44, 41, 42]);
    expect(events.knows("a")).toBe(false);
    expect(events.knows("c")).toBe(false);
  });

  test("of a run that was refused belong to it", () => {
    const events = adopted();
    events.resumed(resumed(null, ["a", "b"]));
    for (const one of [event(7, refused), start(8, "b"), event(9, exit)]) events.take(one);
    const seen: number[] = [];
    events.claim("a", ({ type }) => seen.push(type));
    expect(seen).toEqual([refused]);
  });

  test("are bounded while nobody claims them", () => {
    const events = adopted(1000);
    events.resumed(resumed("a"));
    events.take(start(1, "a"));
    expect(() => events.take(event(2, stdout, Buffer.alloc(1000)))).toThrow("nobody claims");
  });

  test("of a run that is forgotten are not kept", () => {
    const events = adopted(200);
    events.resumed(resumed(null, ["a"]));
    expect(events.forget("a")).toBeUndefined();
    events.take(start(1, "a"));
    events.take(event(2, stdout, Buffer.alloc(1000)));
    events.take(event(3, exit));
    expect(events.acknowledged()).toBe(3);
  });

  test("begin anew after the link broke before any of them came", () => {
    const events = adopted();
    events.resumed(resumed("b", ["a"]));
    events.resumed(resumed("b", ["a"]));
    for (const one of [start(5, "a"), event(6, exit), start(7, "b")]) events.take(one);
    const seen: number[] = [];
    events.claim("b", ({ number }) => seen.push(number));
    expect(seen).toEqual([7]);
  });
});
