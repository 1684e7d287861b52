import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { loadRecipe } from "../../../../scripts/seccomp/recipe.ts";
import { compareTiers, loadTiers } from "../../../../scripts/seccomp/tier-files.ts";
import { loadTraces } from "../../../../scripts/seccomp/trace-file.ts";
import { argumentsThatMatter } from "../../../../scripts/seccomp/traced-arguments.ts";
import { type Machine, machines, numbersOf } from "../../../../src/domain/syscall-numbers.ts";
import type { SyscallRule } from "../../../../src/domain/syscalls.ts";
import { loadSyscallTier } from "../../../../src/policies/syscall-tiers.ts";

const root = join(import.meta.dirname, "../../../..");
const rulesOf = (tier: string) => loadSyscallTier(join(root, "policies"), tier).map(({ rule }) => rule);
const namesOf = (tier: string) =>
  new Set(rulesOf(tier).flatMap(({ names, errno }) => (errno === undefined ? names : [])));

/** The values that a trace tells, for the arguments that a rule compares. */
const holds = (rule: SyscallRule, call: string, values: number[]) =>
  (rule.args ?? []).every(({ index, op, value, mask }) => {
    const given = values[argumentsThatMatter[call]?.findIndex((matter) => matter.index === index) ?? -1];
    if (given === undefined) return false;
    return op === "masked_equal" ? (given & (mask ?? 0)) >>> 0 === value : op === "equal" && given === value;
  });

const isAllowed = (rules: SyscallRule[], call: string, values?: number[]) =>
  rules.some((rule) => rule.names.includes(call) && (values === undefined || holds(rule, call, values)));

describe("the tiers' files", () => {
  test("are what recipe and traces come to", () => {
    expect(compareTiers()).toEqual([]);
    expect(loadTiers().map(({ name }) => name)).toEqual(["strict", "std", "compat"]);
  });

  test("contain each other", () => {
    const [strict, std, compat] = ["strict", "std", "compat"].map(namesOf);
    expect([...(strict ?? [])].filter((call) => !std?.has(call))).toEqual([]);
    expect([...(std ?? [])].filter((call) => !compat?.has(call))).toEqual([]);
  });

  test("have as many calls as docs/tiers.md says", () => {
    const document = readFileSync(join(root, "docs/tiers.md"), "utf8");
    for (const tier of ["strict", "std", "compat"]) {
      expect(document).toContain(`| \`${tier}\` | ${namesOf(tier).size} |`);
    }
  });

  test("let every traced call through with the arguments that were seen, or say why not", () => {
    const { tiers, refused } = loadRecipe();
    const stopped = Object.entries(tiers).flatMap(([tier, { traced, exclude, refuse }]) => {
      const rules = rulesOf(tier);
      const known = new Set([...exclude, ...refuse, ...refused].flatMap(({ names }) => names));
      return loadTraces().flatMap(({ parts }) =>
        traced.flatMap((part) =>
          parts[part].calls
            .filter((call) => !known.has(call))
            .flatMap((call) => {
              const seen = parts[part].arguments[call]?.map((values) => values.split(",").map(Number));
              return (seen ?? [undefined])
                .filter((values) => !isAllowed(rules, call, values))
                .map(() => call);
            }),
        ),
      );
    });
    expect(stopped).toEqual([]);
  });

  test.each([
    ["strict", ["clone", "fork", "vfork", "execve", "socket", "socketpair", "connect", "ptrace", "prctl"]],
    [
      "std",
      ["ptrace", "memfd_create", "unshare", "setns", "mount", "bpf", "keyctl", "io_uring_setup", "seccomp"],
    ],
    [
      "compat",
      ["ptrace", "process_vm_readv", "modify_ldt", "name_to_handle_at", "memfd_secret", "personality"],
    ],
    ["compat", ["shmget", "msgget", "semget", "mq_open", "userfaultfd", "unshare", "execveat", "io_setup"]],
  ])("of %s does not name %j", (tier, calls) => {
    expect(calls.filter((call) => namesOf(tier).has(call))).toEqual([]);
  });

  test.each(machines)("hold on %s what CPython needs there", (machine: Machine) => {
    const numbers = numbersOf(machine);
    const needed = ["openat", "newfstatat", "mkdirat", "unlinkat", "dup3", "ppoll", "pipe2", "rt_sigreturn"];
    const present = needed.filter((call) => numbers.has(call));
    expect(present).toEqual(needed);
    expect(needed.filter((call) => !namesOf("strict").has(call))).toEqual([]);
  });
});
