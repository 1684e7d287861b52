import { describe, expect, test } from "vitest";
import type { Execution } from "../../../src/domain/execution.ts";
import type { Observation } from "../../../src/domain/observation.ts";
import { sha256 } from "../../../src/integrity/hash.ts";
import { compareWithExecution } from "../../../src/integrity/receipt-of.ts";
import { anEnd, aReceiptOf } from "../../support/a-receipt.ts";

const { receipt, execution } = aReceiptOf();

const differing = (changed: Execution) =>
  compareWithExecution(receipt.body, JSON.stringify(changed))
    .filter(({ result }) => result !== "same")
    .map(({ field }) => field);

const { observation } = execution;
const observed = (change: Partial<Observation>): Execution => ({
  ...execution,
  observation: { ...observation, ...change },
});
const acted = (change: Partial<Execution["action"]>): Execution => ({
  ...execution,
  action: { ...execution.action, ...change },
});
const { files, skipped } = observation.outputs;
const [first] = files;
if (!first) throw new Error("there is no file");
const withFiles = (...others: typeof files) => observed({ outputs: { files: others, skipped } });
const others = files.slice(1);

describe("an execution as it was answered", () => {
  test("is what its receipt says", () => {
    expect(differing(execution)).toEqual([]);
    expect(compareWithExecution(receipt.body, JSON.stringify(execution)).length).toBeGreaterThan(15);
  });

  test.each<[string, Execution, string[]]>([
    ["id", { ...execution, id: "exe_2" }, ["id"]],
    ["code", acted({ sha256: "0".repeat(64) }), ["action.sha256"]],
    ["kind", acted({ kind: "script" }), ["action.kind"]],
    ["image, and no Unicode", acted({ image: { name: "\ud800", digest: "x" } }), ["action.image"]],
    ["image", acted({ image: { name: "python", digest: "x" } }), ["action.image"]],
    ["policy", acted({ policy: { name: "lax", digest: "x" } }), ["action.policy"]],
    ["tier", { ...execution, tier: "cell" }, ["tier"]],
    ["session", { ...execution, session: undefined }, ["session"]],
    [
      "place in the session",
      { ...execution, session: { id: "ses_1", sequence: 2, interpreter: 1, stateLost: false } },
      ["session"],
    ],
    ["outcome", observed({ outcome: "exception" }), ["outcome"]],
    ["exit code", observed({ exitCode: 1 }), ["exitCode"]],
    ["exception", observed({ evidence: { ...observation.evidence, reported: null } }), ["evidence"]],
    ["usage", observed({ usage: { ...observation.usage, wallMs: 9 } }), ["usage"]],
    ["stdout", observed({ stdout: "out" }), ["stdout"]],
    ["bytes of stderr", observed({ stderrBase64: "AAA=" }), ["stderr"]],
    ["cut", observed({ truncated: { stdout: true, stderr: false } }), ["truncated"]],
    ["results", observed({ results: [] }), ["results"]],
    ["skipped files", observed({ outputs: { files, skipped: [] } }), ["outputs.skipped"]],
    ["denied calls", observed({ denied: { ...observation.denied, total: 9 } }), ["denied"]],
    ["a file", withFiles({ ...first, text: "e" }, ...others), ['outputs.files["a.txt"]']],
    [
      "a file's name",
      withFiles({ ...first, path: "z" }, ...others),
      ['outputs.files["a.txt"]', 'outputs.files["z"]'],
    ],
    ["a file less", withFiles(...others), ['outputs.files["a.txt"]']],
    ["a file twice", withFiles(first, first, ...others), ['outputs.files["a.txt"]']],
  ])("with another %s is not, and that is named", (_, changed, fields) => {
    expect(differing(changed)).toEqual(fields);
  });

  test("with something in its evidence that nobody put there is not", () => {
    const evidence = { ...observation.evidence, alibi: true };
    expect(differing(observed({ evidence }))).toEqual(["evidence"]);
  });

  test("whose policy keeps parts of it out of the store is checked in what it has", () => {
    const redacted = ["stdout", "stderr", "results", "outputs"] as const;
    const empty = { stdout: "", stderr: "", results: [], outputs: { files: [], skipped: [] } };
    const { stderrBase64: _, ...rest } = observation;
    const kept: Execution = { ...execution, observation: { ...rest, ...empty }, redacted: [...redacted] };
    const results = new Map(
      compareWithExecution(receipt.body, JSON.stringify(kept)).map(({ field, result }) => [field, result]),
    );
    expect([...results].filter(([, result]) => result === "not_kept").map(([field]) => field)).toEqual([
      "stdout",
      "stderr",
      "results",
      "outputs.skipped",
      'outputs.files["a.txt"]',
      'outputs.files["b.bin"]',
    ]);
    expect([...results.values()]).not.toContain("differs");
    // To say so is no way around the check.
    const lie: Execution = { ...kept, observation: { ...kept.observation, stdout: "forged" } };
    expect(compareWithExecution(receipt.body, JSON.stringify(lie))).toContainEqual({
      field: "stdout",
      result: "differs",
    });
  });

  test("whose policy keeps its files out of the receipt is checked by the hashes of their paths", () => {
    const hidden = aReceiptOf(anEnd({ dropped: ["outputs"] }));
    expect(hidden.text).not.toContain("a.txt");
    expect(hidden.text).toContain(sha256("a.txt"));
    const differingFrom = (changed: Execution) =>
      compareWithExecution(hidden.receipt.body, JSON.stringify(changed))
        .filter(({ result }) => result !== "same")
        .map(({ field }) => field);
    expect(differingFrom(execution)).toEqual([]);
    expect(differingFrom(withFiles({ ...first, text: "e" }, ...others))).toEqual(['outputs.files["a.txt"]']);
    expect(differingFrom(withFiles({ ...first, path: "z" }, ...others))).toEqual([
      `outputs.files[${sha256("a.txt")}]`,
      'outputs.files["z"]',
    ]);
  });

  test("that user code wrote halves of surrogate pairs into is what its receipt says", () => {
    const ended = anEnd();
    ended.observation.evidence.reported = { exception: "\ud800", errno: null };
    ended.observation.outputs.skipped = [{ path: "\udcff", reason: "name_is_not_utf8" }];
    const odd = aReceiptOf(ended);
    const checks = compareWithExecution(odd.receipt.body, JSON.stringify(odd.execution));
    expect(checks.filter(({ result }) => result !== "same")).toEqual([]);
  });

  test.each(["", "{}", JSON.stringify({ ...execution, status: "running" })])(
    "%.20j is refused with words",
    (text) => {
      expect(() => compareWithExecution(receipt.body, text)).toThrow(/no JSON|no finished execution/);
    },
  );
});
