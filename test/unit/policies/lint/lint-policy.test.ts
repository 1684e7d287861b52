import { describe, expect, test } from "vitest";
import { imagesBeside } from "../../../../src/policies/images-beside.ts";
import { isClean, lintPolicy } from "../../../../src/policies/lint/lint-policy.ts";
import { readPolicyFolder } from "../../../../src/policies/read-folder.ts";
import { policiesFolder } from "../../../support/builders.ts";
import { aChild, aPolicyFolder, childText, resolvedIn } from "../../../support/policy-folder.ts";

const images = ["python"];
const any = 'environment: {allow: ["*"]}';

describe("the policies that ship", () => {
  const { policies } = readPolicyFolder(policiesFolder);
  const shipped = imagesBeside(policiesFolder);

  test.each(policies.map((resolved) => [resolved.policy.name, resolved] as const))(
    "%s has no error, and every warning is answered with a reason",
    (_, resolved) => {
      const findings = lintPolicy(resolved, { images: shipped });
      expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
      expect(isClean(findings)).toBe(true);
      for (const { suppressed } of findings) expect(suppressed?.length ?? 99).toBeGreaterThan(20);
    },
  );

  test("name images that are built here", () => {
    expect(shipped).toEqual(expect.arrayContaining(["python", "python-data", "python-test"]));
  });
});

describe("a comment that answers a rule", () => {
  const findings = (says: string) => lintPolicy(aChild(says), { images });
  const ofRule = (says: string, id: string) => findings(says).filter(({ rule }) => rule === id);

  test("suppresses it, and its reason is told", () => {
    const [finding] = ofRule(`# lint: CLP034 because of this\n#   and that\n# not this\n${any}`, "CLP034");
    expect(finding).toMatchObject({ severity: "warning", suppressed: "of this and that" });
    expect(ofRule(any, "CLP034")).toMatchObject([{ suppressed: null }]);
  });

  test("does so for what is inherited, and not for other policies", () => {
    const folder = aPolicyFolder({
      "a.yaml": childText("a", `# lint: CLP034 because of a\n${any}`),
      "b.yaml": childText("b", any),
      "c.yaml": childText("c", "").replace("extends: default", "extends: a"),
    });
    const reasonOf = (name: string) =>
      lintPolicy(resolvedIn(folder, name), { images }).find(({ rule }) => rule === "CLP034")?.suppressed;
    expect(reasonOf("a")).toBe("of a");
    expect(reasonOf("b")).toBeNull();
    expect(reasonOf("c")).toBe("of a");
  });

  test("is told with its own line, where what it answers stands in another file", () => {
    const says = `# lint: CLP034 because of this`;
    expect(ofRule(says, "CLP034")).toMatchObject([
      {
        place: { file: "policies/default.yaml" },
        suppressed: "of this",
        suppressedAt: { file: "policies/child.yaml", line: 4 },
      },
    ]);
    expect(ofRule("", "CLP044")).toMatchObject([{ suppressedAt: null }]);
  });

  test("without a reason suppresses nothing and is told of itself", () => {
    expect(ofRule(`# lint: CLP034\n${any}`, "CLP034")).toMatchObject([{ suppressed: null }]);
    expect(ofRule(`# lint: CLP034\n${any}`, "CLP090")).toMatchObject([
      { severity: "warning", place: { file: "policies/child.yaml", line: 4 } },
    ]);
    expect(ofRule(`# lint: CLP034 because of this\n${any}`, "CLP090")).toEqual([]);
  });

  test("answers no error", () => {
    const says = "# lint: CLP010 because it is needed\nsyscalls: {add: [{names: [ptrace]}]}";
    expect(ofRule(says, "CLP010")).toMatchObject([{ severity: "error", suppressed: null }]);
    expect(ofRule(says, "CLP091")).toHaveLength(1);
    expect(isClean(findings(says))).toBe(false);
  });

  test("that finds nothing to answer is told of", () => {
    expect(ofRule("# lint: CLP040 because it was so once", "CLP092")).toHaveLength(1);
    expect(ofRule("# lint: CLP999 because nobody knows", "CLP092")).toHaveLength(1);
    expect(ofRule(`# lint: CLP034 because of this\n${any}`, "CLP092")).toEqual([]);
  });
});

test("what is worst comes first, and then by place", () => {
  const findings = lintPolicy(
    aChild("syscalls: {add: [{names: [ptrace]}]}\nlimits: {processes: 2000, tmpMiB: 1}"),
    { images },
  );
  const order = ["error", "warning", "note"];
  const ranks = findings.map(({ severity }) => order.indexOf(severity));
  expect(ranks).toEqual(ranks.toSorted());
  expect(new Set(ranks).size).toBe(3);
});
