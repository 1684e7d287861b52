import { describe, expect, test } from "vitest";
import { buildTiers } from "../../../../scripts/seccomp/build-tiers.ts";
import type { Recipe } from "../../../../scripts/seccomp/recipe.ts";
import type { ImageTrace } from "../../../../scripts/seccomp/trace-file.ts";

const part = (...calls: string[]) => ({ calls, arguments: {} });

const traces: ImageTrace[] = [
  {
    image: "python",
    machine: "x86_64",
    python: "3",
    glibc: "2",
    kernel: "6",
    parts: { strict: part("read", "vfork"), session: part("read"), std: part("socket") },
  },
];

const tier = { description: "for tests", traced: [], add: [], exclude: [], refuse: [] };

const recipe: Recipe = {
  timing: ["futex"],
  refused: [{ comment: "no", names: ["clone3"], errno: 38 }],
  unless: [
    { comment: "never", names: ["poll", "vfork"], args: [{ index: 0, op: "equal", value: 1 }], errno: 1 },
  ],
  arguments: [{ comment: "unix", names: ["socket"], args: [{ index: 0, op: "equal", value: 1 }] }],
  groups: [{ comment: "all", names: ["read", "write", "vfork", "poll"] }],
  tiers: {
    small: {
      ...tier,
      traced: ["strict"],
      add: [{ reason: "because", names: ["write"] }],
      exclude: [{ reason: "because", names: ["vfork"] }],
    },
    large: { ...tier, contains: "small", traced: ["std"], base: "list.yaml" },
  },
};

const build = (change: Partial<Recipe> = {}) =>
  buildTiers({ ...recipe, ...change }, traces, () => ["poll", "no_such_call_anywhere"]);

const withSmall = (change: object) =>
  ({ tiers: { small: { ...recipe.tiers["small"], ...change } } }) as Partial<Recipe>;

describe("a tier", () => {
  test("has what was traced and what is added, less what is excluded", () => {
    expect(build()[0]).toMatchObject({
      name: "small",
      rules: [
        { comment: "all", names: ["read", "write"] },
        { names: ["clone3"], errno: 38 },
      ],
      untraced: ["write"],
    });
  });

  test("has what another one that it contains has, of a list what any machine knows, and refusals of what it has", () => {
    expect(build()[1]?.rules).toEqual([
      { comment: "never", names: ["poll"], args: [{ index: 0, op: "equal", value: 1 }], errno: 1 },
      { comment: "all", names: ["poll", "read", "write"] },
      { comment: "unix", names: ["socket"], args: [{ index: 0, op: "equal", value: 1 }] },
      { comment: "no", names: ["clone3"], errno: 38 },
    ]);
  });

  test("refuses to exclude what it does not have, to add what it has, and what no machine has", () => {
    const exclude = [{ reason: "", names: ["bpf"] }];
    expect(() => build(withSmall({ exclude }))).toThrow("small excludes bpf, which it would not have");
    const twice = [{ reason: "", names: ["read"] }];
    expect(() => build(withSmall({ add: twice }))).toThrow("small adds read, which it has already");
    const unknown = [{ reason: "", names: ["teleport"] }];
    expect(() => build(withSmall({ add: unknown }))).toThrow(
      "small adds teleport, which is no call of any machine",
    );
  });

  test("refuses a call that nobody has put into a group", () => {
    expect(() => build({ groups: [{ comment: "all", names: ["read"] }] })).toThrow(
      "small has calls that are in no group of the recipe: write",
    );
  });
});
