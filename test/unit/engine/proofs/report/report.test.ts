import { describe, expect, test } from "vitest";
import { toHtml } from "../../../../../src/engine/proofs/report/to-html.ts";
import { toSarif } from "../../../../../src/engine/proofs/report/to-sarif.ts";
import { toText } from "../../../../../src/engine/proofs/report/to-text.ts";
import { anAttemptResult, aProof } from "../../../../support/proofs.ts";
import { sarifErrors } from "../../../../support/sarif/sarif-errors.ts";

const hostile = '</pre><script>alert(1)</script>" onload="x\u001b[2J\u202e&';
const escaped = anAttemptResult({
  id: 2,
  name: "setns",
  title: "Join <another> namespace",
  verdict: "escaped",
  evidence: hostile,
  denied: [hostile],
  control: { succeeded: true, evidence: hostile },
  cleanRun: { ok: false, evidence: hostile },
  canary: { ok: false, evidence: hostile },
});
const open = anAttemptResult({ id: 3, name: "bpf", verdict: "inconclusive", class: "network" });
const mixed = aProof({
  id: "prf_2",
  policy: { name: "strict", digest: `sha256:${"c".repeat(64)}` },
  attempts: [anAttemptResult(), escaped, open],
  skipped: [{ id: 9, name: "neighbour", reason: "there is <no> neighbour" }],
});

describe("the page", () => {
  const page = toHtml([aProof(), mixed]);

  test("shows each attempt once, with a sign and a word for each policy", () => {
    for (const id of [1, 2, 3, 9]) expect(page.match(new RegExp(`id="a${id}"`, "g"))).toHaveLength(1);
    expect(page).toContain('<span class="sr">default: blocked</span>');
    expect(page).toContain('<span class="sr">strict: escaped</span>');
    expect(page).toContain('<span class="sr">default: skipped</span>');
    expect(page).toContain("there is &lt;no&gt; neighbour");
  });

  test("tells two proofs of one policy from each other by their runtime", () => {
    const under = (runtime: string) => aProof({ id: `prf_${runtime}`, runtime });
    const both = toHtml([under("runc"), under("runsc"), mixed]);
    expect(both).toContain('<span class="sr">default (runsc): blocked</span>');
    expect(both).toContain('<span class="sr">strict: escaped</span>');
    expect(both).toContain(
      "cloche prove --policy default --policy strict\ncloche prove --policy default --runtime runsc",
    );
  });

  test("opens what has to be read about, and nothing else", () => {
    expect(page).toMatch(/id="a2" open>/);
    expect(page).toMatch(/id="a3" open>/);
    expect(page).toMatch(/id="a1">/);
  });

  test("its headline says where something got out", () => {
    expect(page).toContain("<h1>3 ways out, tried on this host: <em>1 got out</em></h1>");
    expect(toHtml([aProof()])).toContain("<h1>1 way out, tried on this host</h1>");
  });

  test("shows how to try one of its own attempts again", () => {
    expect(toHtml([aProof({ attempts: [escaped] })])).toContain("--policy default --attempts 2\n");
  });

  test("tells where it was made, and by which digests", () => {
    const { host, policy, image } = aProof();
    for (const fact of [host.kernel, host.engine, host.runtime, policy.digest, image.digest])
      expect(page).toContain(fact);
  });

  test("has nothing of a program in it but as text", () => {
    expect(page).not.toContain("<script");
    expect(page).not.toContain('onload="');
    expect(page).not.toContain("\u001b");
    expect(page).not.toContain("\u202e");
    expect(page).toContain(
      "&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&quot;x\\u{1b}[2J\\u{202e}&amp;",
    );
  });

  test("loads nothing and runs nothing", () => {
    expect(page).toContain("default-src &#39;none&#39;");
    expect(page.match(/\b(?:src|href)="(?!#|data:|https:\/\/attack\.mitre\.org\/)[^"]*"/g)).toBeNull();
    expect(page).not.toMatch(/url\(|@import/);
  });

  test("is there for a proof that has nothing yet, or failed", () => {
    expect(toHtml([aProof({ attempts: [], status: "running" })])).toContain("still running");
    expect(toHtml([aProof({ status: "failed", error: "<gone>" })])).toContain("failed: &lt;gone&gt;");
  });
});

describe("the text", () => {
  test("counts by class, has a line for each attempt, and all of what has to be read about", () => {
    const text = toText([mixed]);
    expect(text).toMatch(/System calls +1 +· +1 +·/);
    expect(text).toContain("ESCAPED  2 setns");
    expect(text).toContain("INCONCLUSIVE  3 bpf");
    expect(text).toMatch(/^System calls\n {4}1 mount +blocked {6}\S/m);
    expect(text).toMatch(/^Network and neighbours\n {4}3 bpf +inconclusive \S/m);
    expect(text).not.toContain("1 mount:");
    expect(text).toContain("9 neighbour: there is <no> neighbour");
    expect(text).toContain("3 attempts: 1 blocked, 0 contained, 1 escaped, 1 inconclusive");
  });

  test("does not move the cursor of whoever reads it", () => {
    for (const character of ["\u001b", "\u202e"]) expect(toText([mixed])).not.toContain(character);
  });

  test("a long evidence is cut to a line", () => {
    const long = toText([aProof({ attempts: [anAttemptResult({ evidence: `${"x".repeat(500)}\nmore` })] })]);
    expect(long).toMatch(/ x{80} …$/m);
    expect(long).not.toContain("more");
  });

  test("of a host that nobody saw says nothing", () => {
    const host = { kernel: "", engine: "", runtime: "" };
    const [, line] = toText([aProof({ status: "failed", error: "x", attempts: [], host })]).split("\n");
    expect(line).toMatch(/^\d{4}-\S+, [\d.]+ s$/);
  });

  test("of a proof that failed says why", () => {
    expect(toText([aProof({ status: "failed", error: "It was cancelled" })])).toContain(
      "failed: It was cancelled",
    );
  });
});

describe("SARIF", () => {
  test("is SARIF, with a rule for each attempt and a result for each that has to be read about", () => {
    const log = toSarif([aProof(), mixed]);
    expect(sarifErrors(JSON.parse(JSON.stringify(log)))).toEqual([]);
    expect(log.runs.map(({ tool }) => tool.driver.rules.length)).toEqual([1, 3]);
    expect(
      log.runs.map(({ results }) =>
        results.map(({ level, ruleId, ruleIndex }) => [level, ruleId, ruleIndex]),
      ),
    ).toEqual([
      [],
      [
        ["error", "CLOCHE-A002", 1],
        ["warning", "CLOCHE-A003", 2],
      ],
    ]);
  });
});
