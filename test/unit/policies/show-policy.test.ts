import { expect, test } from "vitest";
import { parse } from "yaml";
import { policySchema } from "../../../src/domain/policy.ts";
import { readPolicyFolder } from "../../../src/policies/read-folder.ts";
import { originsOf, showPolicy } from "../../../src/policies/show-policy.ts";
import { policiesFolder } from "../../support/builders.ts";
import { aChild } from "../../support/policy-folder.ts";

const { policies } = readPolicyFolder(policiesFolder);

test.each(policies.map((resolved) => [resolved.policy.name, resolved] as const))(
  "%s is shown whole, as YAML that is a policy",
  (_, resolved) => {
    const { digest: _digest, calls: _calls, ...policy } = resolved.policy;
    expect(policySchema.parse(parse(showPolicy(resolved)))).toEqual(policy);
  },
);

test("each line that says something says where it comes from", () => {
  const shown = showPolicy(
    aChild(
      "limits: {wallMs: 50}\nsyscalls: {add: [{names: [ptrace], comment: 'a # b'}]}\nenvironment: {set: {A: 'x: y'}}",
    ),
  );
  expect(shown).toMatch(/^# child extends default\n# sha256:/);
  expect(shown).toMatch(/wallMs: 50 +# policies\/child\.yaml:4/);
  expect(shown).toMatch(/cpuMs: 30000 +# policies\/default\.yaml:\d+/);
  expect(shown).toMatch(/cells: 100 +# default$/m);
  expect(shown).toMatch(/"ptrace".*# policies\/child\.yaml:5/);
  expect(parse(shown).environment.set).toEqual({ A: "x: y" });
  for (const line of shown.trimEnd().split("\n").slice(2)) {
    expect(line).toMatch(/:$|# (default|policies\/.+:\d+)$/);
  }
});

test("for programs the origins are by path", () => {
  const origins = originsOf(aChild("limits: {wallMs: 50}"));
  expect(origins["limits.wallMs"]).toBe("policies/child.yaml:4");
  expect(origins["require.0"]).toMatch(/^policies\/default\.yaml:/);
  expect(origins["isolation.cells"]).toBeNull();
});
