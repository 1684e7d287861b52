import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { HANDOVER_MARK, toPrograms } from "../../../../src/docker/seccomp/program.ts";
import { type Machine, machines, nameOf, numbersOf } from "../../../../src/domain/syscall-numbers.ts";
import type { SyscallRule } from "../../../../src/domain/syscalls.ts";
import { loadSyscallTier } from "../../../../src/policies/syscall-tiers.ts";
import { aPolicy, policiesFolder } from "../../../support/builders.ts";
import { runBpf } from "./run-bpf.ts";

const arch = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };
const allow = 0x7fff0000;
const ask = 0x7fc00000;
const kill = 0x80000000;
const errno = (number: number) => 0x50000 + number;
const zeros = [0n, 0n, 0n, 0n, 0n, 0n];

type Argument = NonNullable<SyscallRule["args"]>[number];

const holds = ({ index, op, value, mask = 0 }: Argument, args: bigint[]): boolean => {
  const [is, wanted] = [BigInt.asUintN(64, args[index] ?? 0n), BigInt(value)];
  return {
    equal: is === wanted,
    not_equal: is !== wanted,
    less: is < wanted,
    less_or_equal: is <= wanted,
    greater: is > wanted,
    greater_or_equal: is >= wanted,
    masked_equal: (is & BigInt(mask)) === wanted,
  }[op];
};

/** What the rules say, read plainly. */
const oracle = (rules: SyscallRule[], machine: Machine, nr: number, args: bigint[]): number => {
  if (machine === "x86_64" && nr & 0x40000000) return kill;
  const name = nameOf(machine, nr);
  if (name === undefined) return errno(38);
  const hits = rules.filter(
    (rule) => rule.names.includes(name) && (rule.args ?? []).every((arg) => holds(arg, args)),
  );
  const refusal = hits.find((rule) => rule.errno !== undefined)?.errno;
  if (refusal !== undefined) return errno(refusal);
  return hits.length > 0 ? allow : ask;
};

const names = ["read", "write", "socket", "clone", "ioctl", "prctl", "clone3", "mseal", "io_setup"];
const word = fc.oneof(
  fc.nat({ max: 5 }),
  fc.constantFrom(2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, 2 ** 53 - 1),
);
const ops = [
  "equal",
  "not_equal",
  "less",
  "less_or_equal",
  "greater",
  "greater_or_equal",
  "masked_equal",
] as const;
const anArgument: fc.Arbitrary<Argument> = fc.record({
  index: fc.nat({ max: 5 }),
  op: fc.constantFrom(...ops),
  value: word,
  mask: word,
});
const aRule: fc.Arbitrary<SyscallRule> = fc
  .record({
    names: fc.subarray(names, { minLength: 1 }),
    args: fc.option(fc.array(anArgument, { minLength: 1, maxLength: 3 }), { nil: undefined }),
    errno: fc.option(fc.constantFrom(38, 13), { nil: undefined, freq: 4 }),
  })
  .map(({ args, errno: number, ...rule }) => ({
    ...rule,
    ...(args && { args }),
    ...(number && { errno: number }),
  }));
const someArgs = fc.array(
  fc.oneof(word.map(BigInt), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.constant(-1n)),
  { minLength: 6, maxLength: 6 },
);

describe("the filter of a cell", () => {
  test.each(machines)("on %s says what the rules say, for any rules, number and arguments", (machine) => {
    const known = names.flatMap((name) => numbersOf(machine).get(name) ?? []);
    const number = fc.oneof(
      fc.constantFrom(...known),
      fc.nat({ max: 500 }),
      fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    );
    fc.assert(
      fc.property(fc.array(aRule, { maxLength: 8 }), fc.array(fc.tuple(number, someArgs)), (rules, calls) => {
        const { tier } = toPrograms(rules, machine);
        for (const [nr, args] of calls) {
          expect(runBpf(tier, { arch: arch[machine], nr, args })).toBe(oracle(rules, machine, nr, args));
        }
      }),
      { numRuns: 300 },
    );
  });

  test.each(machines)("on %s says for each number what the default policy says", (machine) => {
    const { calls } = aPolicy();
    const { tier } = toPrograms(calls, machine);
    for (let nr = 0; nr < 1024; nr++) {
      expect(runBpf(tier, { arch: arch[machine], nr, args: zeros }), `number ${nr}`).toBe(
        oracle(calls, machine, nr, zeros),
      );
    }
  });

  test.each(["strict", "std", "compat"])("under %s no signal goes to process 1", (tier) => {
    const calls = loadSyscallTier(policiesFolder, tier).map(({ rule }) => rule);
    const { tier: program } = toPrograms(calls, "x86_64");
    const said = (name: string, ...args: bigint[]) =>
      runBpf(program, {
        arch: arch.x86_64,
        nr: numbersOf("x86_64").get(name) ?? -1,
        args: [...args, ...zeros].slice(0, 6),
      });
    const [setOwner, setOwnerEx] = [8n, 15n];
    for (const name of ["kill", "tgkill", "tkill", "rt_sigqueueinfo", "rt_tgsigqueueinfo"]) {
      if (!calls.some(({ names }) => names.includes(name))) continue;
      const thread = name.includes("tg") ? [1n] : [];
      for (const signal of [9n, 2n ** 32n + 9n])
        for (const pid of [1n, 2n ** 32n + 1n]) expect(said(name, pid, ...thread, signal)).toBe(errno(1));
      for (const pid of [2n, 0n, -1n, 2n ** 32n]) expect(said(name, pid, ...thread, 9n)).toBe(allow);
      expect(said(name, 1n, ...thread, 0n)).toBe(allow);
    }
    // The kernel reads 32 bits of both.
    for (const owner of [1n, -1n, 2n ** 32n + 1n, 2n ** 32n - 1n])
      expect(said("fcntl", 3n, setOwner + 2n ** 32n, owner)).toBe(errno(1));
    expect(said("fcntl", 3n, setOwnerEx, 0x7fff_0000n)).toBe(errno(1));
    expect(said("fcntl", 3n, setOwner, 2n)).toBe(allow);
    expect(said("fcntl", 3n, 3n, 1n)).toBe(allow);
  });

  test("another machine's calls are death, and so are those of x32", () => {
    const { tier } = toPrograms(aPolicy().calls, "x86_64");
    expect(runBpf(tier, { arch: 0x40000003, nr: 39, args: zeros })).toBe(kill);
    expect(runBpf(tier, { arch: arch.aarch64, nr: 39, args: zeros })).toBe(kill);
    expect(runBpf(tier, { arch: arch.x86_64, nr: 0x40000000 + 39, args: zeros })).toBe(kill);
    expect(runBpf(tier, { arch: arch.x86_64, nr: 39, args: zeros })).toBe(allow);
  });

  test("its last instruction is the question, which a launcher may put an error in the place of", () => {
    const { tier } = toPrograms(aPolicy().calls, "x86_64");
    expect([tier.readUInt16LE(tier.length - 8), tier.readUInt32LE(tier.length - 4)]).toEqual([6, ask]);
    const plain = Buffer.from(tier);
    plain.writeUInt32LE(errno(1), plain.length - 4);
    expect(runBpf(plain, { arch: arch.x86_64, nr: 101, args: zeros })).toBe(errno(1));
    expect(runBpf(plain, { arch: arch.x86_64, nr: 39, args: zeros })).toBe(allow);
  });

  test.each(machines)(
    "on %s the second filter closes exactly what the first has open for the hand-over",
    (machine) => {
      const { tier, closing, numbers } = toPrograms([{ names: ["read"] }], machine);
      const mark = BigInt(HANDOVER_MARK);
      const bothSay = (nr: number, args: bigint[]) =>
        [tier, closing].map((program) => runBpf(program, { arch: arch[machine], nr, args }));
      for (let nr = 0; nr < 600; nr++) {
        const isHandover = nr === numbers.sendmsg || nr === numbers.seccomp;
        expect(bothSay(nr, [0n, 0n, 0n, mark, mark, mark])[1]).toBe(isHandover ? errno(1) : allow);
        expect(bothSay(nr, [0n, 0n, 0n, mark, mark, 0n])[1]).toBe(allow);
        if (isHandover) {
          expect(bothSay(nr, [0n, 0n, 0n, mark, mark, mark])[0]).toBe(allow);
          expect(bothSay(nr, [mark, mark, mark, mark, mark, 0n])[0]).toBe(ask);
        }
      }
    },
  );

  test("a name that no machine has is refused, one that only another machine has is left out", () => {
    expect(() => toPrograms([{ names: ["reed"] }], "x86_64")).toThrow("reed");
    const { tier } = toPrograms([{ names: ["fork"] }], "aarch64");
    expect(runBpf(tier, { arch: arch.aarch64, nr: 57, args: zeros })).toBe(ask);
  });

  test("an argument that a double can't hold exactly is refused", () => {
    const rule = { names: ["read"], args: [{ index: 0, op: "equal" as const, value: 2 ** 60 }] };
    expect(() => toPrograms([rule], "x86_64")).toThrow(String(2 ** 60));
  });
});

describe("numbers", () => {
  test("are those of the kernel", () => {
    const of = (machine: Machine, list: string) =>
      list.split(" ").map((name) => numbersOf(machine).get(name));
    expect(of("x86_64", "read getpid seccomp statx clone3 mseal file_setattr uretprobe")).toEqual([
      0, 39, 317, 332, 435, 462, 469, 335,
    ]);
    expect(of("aarch64", "io_setup getpid seccomp statx clone3 mseal fork")).toEqual([
      0,
      172,
      277,
      291,
      435,
      462,
      undefined,
    ]);
  });

  test("and names lead to each other", () => {
    for (const machine of machines) {
      for (const [name, number] of numbersOf(machine)) expect(nameOf(machine, number)).toBe(name);
    }
  });
});
