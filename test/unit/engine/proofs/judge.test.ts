import { describe, expect, test } from "vitest";
import type { Verdict } from "../../../../src/domain/proof.ts";
import {
  judge,
  judgeControl,
  parseStatement,
  type StepEnd,
  weigh,
} from "../../../../src/engine/proofs/judge.ts";

const step = (change: Partial<StepEnd> = {}): StepEnd => ({
  statement: undefined,
  outcome: "ok",
  detail: "ended as ok",
  denied: [],
  ...change,
});
const said = (reached: boolean, saw = "words") => step({ statement: { reached, saw } });

describe("an attempt", () => {
  test.each([
    ["that got what it wanted escaped", [said(true)], [], "escaped"],
    ["that did not is blocked", [said(false)], [], "blocked"],
    [
      "that was stopped as expected is contained",
      [step({ outcome: "memory_limit" })],
      ["memory_limit"],
      "contained",
    ],
    [
      "that was stopped otherwise shows nothing",
      [step({ outcome: "memory_limit" })],
      ["cpu_limit"],
      "inconclusive",
    ],
    ["that ended without a word shows nothing", [step()], [], "inconclusive"],
    ["of which the sandbox broke shows nothing", [step({ outcome: null })], ["ok"], "inconclusive"],
    ["escaped where any step got it", [said(true), said(false)], [], "escaped"],
    ["escaped also where a later step broke", [said(true), step({ outcome: null })], [], "escaped"],
    ["is what its last step says", [step({ outcome: "time_limit" }), said(false)], ["time_limit"], "blocked"],
    ["shows nothing where an earlier step showed nothing", [step(), said(false)], [], "inconclusive"],
    ["of no step shows nothing", [], [], "inconclusive"],
  ] as const)("%s", (_, steps, containedBy, verdict) => {
    expect(judge([...steps], containedBy).verdict).toBe(verdict);
  });

  test("is told in its own words, step by step", () => {
    expect(judge([said(false, "a"), step({ detail: "b" })]).evidence).toBe("1: a\n2: b");
    expect(judge([said(false, "a")]).evidence).toBe("a");
  });
});

test("a control succeeds where any step got what it wanted", () => {
  expect(judgeControl([said(false), said(true)]).succeeded).toBe(true);
  expect(judgeControl([said(false), step({ outcome: "memory_limit" })]).succeeded).toBe(false);
});

describe("what a verdict is worth beside its control, the next run and the host", () => {
  const weighed = (
    verdict: Verdict,
    succeeded: boolean | null,
    { clean, quiet }: { clean: boolean; quiet: boolean },
  ) =>
    weigh(
      { verdict, evidence: "words" },
      {
        control: { succeeded, evidence: "its words" },
        cleanRun: { ok: clean, evidence: "" },
        canary: { ok: quiet, evidence: "" },
      },
    );

  test.each<[Verdict, control: boolean | null, [Verdict, Verdict, Verdict, Verdict]]>([
    // The host is quiet and the next run clean; quiet, not clean; not quiet, clean; neither.
    ["blocked", true, ["blocked", "inconclusive", "escaped", "escaped"]],
    ["blocked", false, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["blocked", null, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["contained", true, ["contained", "inconclusive", "escaped", "escaped"]],
    ["contained", false, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["contained", null, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["escaped", true, ["escaped", "escaped", "escaped", "escaped"]],
    ["escaped", false, ["escaped", "escaped", "escaped", "escaped"]],
    ["escaped", null, ["escaped", "escaped", "escaped", "escaped"]],
    ["inconclusive", true, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["inconclusive", false, ["inconclusive", "inconclusive", "escaped", "escaped"]],
    ["inconclusive", null, ["inconclusive", "inconclusive", "escaped", "escaped"]],
  ])("%s, where its control got through: %s", (verdict, control, expected) => {
    const found = [
      weighed(verdict, control, { clean: true, quiet: true }),
      weighed(verdict, control, { clean: false, quiet: true }),
      weighed(verdict, control, { clean: true, quiet: false }),
      weighed(verdict, control, { clean: false, quiet: false }),
    ];
    expect(found.map((one) => one.verdict)).toEqual(expected);
    for (const one of found) {
      expect(one.evidence.startsWith("words")).toBe(true);
      // Whatever is another verdict than the program's own says why.
      if (one.verdict !== verdict) expect(one.evidence).toMatch(/^words\n./);
    }
  });
});

describe("a statement", () => {
  test("is the last line that is not blank", () => {
    const expected = { reached: false, saw: "EPERM" };
    const line = JSON.stringify(expected);
    expect(parseStatement(Buffer.from(`noise\n${line}\n\n`))).toEqual(expected);
    const noise = Buffer.alloc(1_000_000, 0xff);
    expect(parseStatement(Buffer.concat([noise, Buffer.from(`\n${line}`)]))).toEqual(expected);
  });

  test.each([
    ["no JSON", "reached"],
    ["nothing", ""],
    ["of another shape", '{"reached": "no", "saw": ""}'],
    ["with more in it", '{"reached": false, "saw": "", "verdict": "blocked"}'],
    ["followed by something else", '{"reached": false, "saw": ""}\nbye'],
  ])("is none where it is %s", (_, stdout) => {
    expect(parseStatement(Buffer.from(stdout))).toBeUndefined();
  });

  test("is bounded in what it saw", () => {
    const long = JSON.stringify({ reached: false, saw: "x".repeat(100_000) });
    expect(parseStatement(Buffer.from(long))?.saw.length).toBe(2_000);
  });
});
