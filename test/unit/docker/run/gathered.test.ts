import { describe, expect, test } from "vitest";
import { fromLauncher } from "../../../../src/docker/link/frames.ts";
import { Gathered } from "../../../../src/docker/run/gathered.ts";
import type { RawDenied } from "../../../../src/docker/seccomp/denied-calls.ts";
import type { DeniedCalls } from "../../../../src/domain/syscalls.ts";
import type { RunEvent } from "../../../../src/engine/ports/runtime.ts";
import { aPolicy, saidEvidence, someEvidence } from "../../../support/builders.ts";
import { ManualClock } from "../../../support/manual-clock.ts";

const limits = { ...aPolicy().limits, outputBytes: 10, resultBytes: 8 };
/** What these are called is tested beside the function that says it. */
const nameDenied = ({ total, truncated }: RawDenied): DeniedCalls => ({
  reportedBy: "launcher",
  total,
  calls: [],
  truncated,
});
const { started, stdout, stderr, value, valueData, exit, refused, hello } = fromLauncher;

const setUp = () => {
  const clock = new ManualClock();
  const told: RunEvent[] = [];
  const all = new Gathered({ limits, nameDenied }, clock, (event) => told.push(event));
  let number = 0;
  const add = (type: number, payload: Buffer | object = Buffer.alloc(0)) => {
    const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(JSON.stringify(payload));
    all.add({ number: ++number, type, payload: bytes });
  };
  const begun = () => add(started, { id: "exe_1" });
  return { all, add, begun, told, clock };
};

const form = (index: number, bytes: number, mime = "text/plain") => ({
  mime,
  bytes,
  index,
  truncated: false,
});

describe("Gathered", () => {
  test("takes output and evidence of a sound launcher, and tells of each event as it comes", async () => {
    const { all, add, begun, told } = setUp();
    begun();
    add(stdout, Buffer.from("12345"));
    add(stderr, Buffer.from("67890"));
    add(exit, saidEvidence());
    await all.over;
    expect(all).toMatchObject({ started: true, evidence: someEvidence() });
    expect(all.report()).toEqual({ stdout: Buffer.from("12345"), stderr: Buffer.from("67890"), results: [] });
    expect(told).toEqual([
      { type: "started" },
      { type: "stdout", data: Buffer.from("12345") },
      { type: "stderr", data: Buffer.from("67890") },
    ]);
  });

  test("after it was stopped it takes and tells nothing", () => {
    const { all, add, begun, told } = setUp();
    begun();
    all.stop();
    add(stdout, Buffer.from("1"));
    add(hello);
    expect(told).toEqual([{ type: "started" }]);
  });

  test.each([
    ["more output than was allowed", stdout, Buffer.alloc(11)],
    ["evidence with a field of its own", exit, { ...saidEvidence(), verdict: "ok" }],
    ["evidence that is no JSON", exit, Buffer.from("{")],
    ["a value larger than what the run may show", value, form(0, 9)],
    ["data of no value", valueData, Buffer.from("x")],
    ["a value without a type", value, { ...form(0, 1), mime: "" }],
    ["a refusal after the start", refused, { errno: 28, reason: "no room" }],
    ["a second start", started, { id: "exe_1" }],
  ])("%s is a breach", (_, type, payload) => {
    const { add, begun } = setUp();
    begun();
    expect(() => add(type, payload)).toThrow();
  });

  test("output before the start is a breach", () => {
    expect(() => setUp().add(stdout, Buffer.from("x"))).toThrow("before the start");
  });

  test("a run that was refused is over, without evidence", async () => {
    const { all, add } = setUp();
    add(refused, { errno: 28, reason: "no" });
    await all.over;
    expect(all.refusal).toEqual({ errno: 28, reason: "no" });
    expect(all.evidence).toBeUndefined();
  });
});

describe("values that a cell shows", () => {
  test("are the forms with the same index, told of when the next begins", () => {
    const { all, add, begun, told } = setUp();
    begun();
    add(value, form(0, 2));
    add(valueData, Buffer.from("4"));
    add(stdout, Buffer.from("between"));
    add(valueData, Buffer.from("2"));
    add(value, form(0, 3, "text/html"));
    add(valueData, Buffer.from("<b>"));
    expect(told.filter(({ type }) => type === "result")).toEqual([]);
    add(value, form(1, 0));
    const first = {
      forms: [
        { mime: "text/plain", data: Buffer.from("42"), truncated: false },
        { mime: "text/html", data: Buffer.from("<b>"), truncated: false },
      ],
    };
    expect(told.at(-1)).toEqual({ type: "result", result: first });
    add(exit, saidEvidence());
    const second = { forms: [{ mime: "text/plain", data: Buffer.alloc(0), truncated: false }] };
    expect(told.at(-1)).toEqual({ type: "result", result: second });
    expect(all.report().results).toEqual([first, second]);
  });

  test("are told of soon, although the run goes on", async () => {
    const { add, begun, told, clock } = setUp();
    begun();
    add(value, form(0, 0));
    await clock.advance(100);
    expect(told.at(-1)).toMatchObject({ type: "result" });
    add(exit, saidEvidence());
    expect(told.filter(({ type }) => type === "result")).toHaveLength(1);
  });

  test("that the end of the run cuts off say so", () => {
    const { all, add, begun } = setUp();
    begun();
    add(value, form(0, 5));
    add(valueData, Buffer.from("ab"));
    add(exit, saidEvidence());
    expect(all.report().results).toEqual([
      { forms: [{ mime: "text/plain", data: Buffer.from("ab"), truncated: true }] },
    ]);
  });

  test("are bounded in number, and none begins within another", () => {
    const { add, begun } = setUp();
    begun();
    expect(() => {
      for (let index = 0; index < 5000; index += 1) add(value, form(index, 0));
    }).toThrow("more values");
    const other = setUp();
    other.begun();
    other.add(value, form(0, 2));
    expect(() => other.add(value, form(1, 0))).toThrow("within a value");
    const third = setUp();
    third.begun();
    third.add(value, form(0, 2));
    expect(() => third.add(valueData, Buffer.from("abc"))).toThrow("no value");
  });
});
