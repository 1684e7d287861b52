/**
 * A policy's system calls -> the filters that a cell puts on itself, last of all. Pure.
 *
 * `tier` allows what is listed and asks the launcher about the rest, which always says no (EPERM) and counts.
 * Its last instruction is that answer, so that a launcher can put a plain EPERM there where the kernel can't ask.
 * The kernel gives the descriptor to ask through to the cell, which has to send it to the launcher with `tier` in
 * force already: that call, and the one that puts `closing` on, bear a mark in the registers that they don't
 * use. `closing` refuses whatever bears the mark, so that from then on exactly the listed calls get through.
 */

import { isMachine, type Machine, machines, numbersOf } from "../../domain/syscall-numbers.ts";
import type { SyscallRule } from "../../domain/syscalls.ts";
import { Assembler } from "./bpf.ts";

const ALLOW = 0x7fff0000;
const ERRNO = 0x00050000;
const KILL_PROCESS = 0x80000000;
const ASK = 0x7fc00000;
const EPERM = 1;
const ENOSYS = 38;
/** x86_64: the numbers of the x32 ABI, another way to the same calls. */
const X32 = 0x40000000;
const LAST_NUMBER = 0xffffffff;

const auditArch: Record<Machine, number> = { x86_64: 0xc000003e, aarch64: 0xc00000b7 };

/** "cloche": see `handover` of sandbox-images/launcher/confine.py. */
export const HANDOVER_MARK = 0x636c_6f63_6865;
const handoverCalls = ["sendmsg", "seccomp"];
const marked = [3, 4, 5].map((index) => ({ index, op: "equal" as const, value: HANDOVER_MARK }));

type Arguments = NonNullable<SyscallRule["args"]>;
type Rule = { args: Arguments; errno: number | undefined };
/** What becomes of a number: one answer, or that of the first rule that holds. */
type CallRules = { rules: Rule[] } | "unknown" | "default";

export interface Programs {
  tier: Buffer;
  closing: Buffer;
  /** Numbers of the calls that the launcher makes itself, for it has no table. */
  numbers: { sendmsg: number; seccomp: number };
}

/** Throws where a rule names what no machine calls so, or an argument beyond what can be compared. */
export const toPrograms = (calls: SyscallRule[], machine: Machine): Programs => {
  assertNames(calls);
  const numbers = numbersOf(machine);
  const handover = { names: handoverCalls, args: marked };
  const tier = assemble(machine, verdictsOf([...calls, handover], machine, "unknown"), ASK);
  const closing = assemble(machine, verdictsOf([{ ...handover, errno: EPERM }], machine, "default"), ALLOW);
  const [sendmsg, seccomp] = handoverCalls.map((name) => numbers.get(name) ?? 0) as [number, number];
  return { tier, closing, numbers: { sendmsg, seccomp } };
};

export const assertMachine = (name: string): Machine => {
  if (!isMachine(name)) throw new Error(`there are no system call numbers for ${name}`);
  return name;
};

const assertNames = (calls: SyscallRule[]): void => {
  for (const name of calls.flatMap(({ names }) => names)) {
    if (!machines.some((machine) => numbersOf(machine).has(name)))
      throw new Error(`no machine has a system call ${name}`);
  }
};

/** By number, in order; each holds up to the next one. */
type Verdicts = [first: number, verdict: CallRules][];

/** `rest`: of numbers that the machine doesn't have. */
const verdictsOf = (calls: SyscallRule[], machine: Machine, rest: "unknown" | "default"): Verdicts => {
  const numbers = numbersOf(machine);
  const verdicts = new Map<number, CallRules>([...numbers.values()].map((number) => [number, "default"]));
  for (const { names, args = [], errno } of calls) {
    for (const name of names) {
      const number = numbers.get(name);
      if (number === undefined) continue;
      const known = verdicts.get(number);
      const rules = typeof known === "object" ? known.rules : [];
      verdicts.set(number, { rules: [...rules, { args, errno }] });
    }
  }
  return toRanges(verdicts, rest);
};

const toRanges = (verdicts: Map<number, CallRules>, rest: CallRules): Verdicts => {
  const ranges: Verdicts = [];
  const add = (first: number, verdict: CallRules) => {
    const last = ranges.at(-1)?.[1];
    if (last === undefined || !isSame(last, verdict)) ranges.push([first, verdict]);
  };
  let next = 0;
  for (const [number, verdict] of [...verdicts].sort(([a], [b]) => a - b)) {
    if (number > next) add(next, rest);
    add(number, verdict);
    next = number + 1;
  }
  if (next <= LAST_NUMBER) add(next, rest);
  return ranges;
};

const isSame = (a: CallRules, b: CallRules) => JSON.stringify(a) === JSON.stringify(b);

const assemble = (machine: Machine, verdicts: Verdicts, byDefault: number): Buffer => {
  const code = new Assembler();
  const isOurs = code.label();
  const end = code.label();
  code.loadMachine();
  code.test("equal", auditArch[machine], { whenTrue: isOurs });
  code.return(KILL_PROCESS);
  code.place(isOurs);
  code.loadNumber();
  if (machine === "x86_64") {
    const isNative = code.label();
    code.test("anyBit", X32, { whenFalse: isNative });
    code.return(KILL_PROCESS);
    code.place(isNative);
  }
  search(code, verdicts, end);
  code.place(end);
  code.return(byDefault);
  return code.assemble();
};

/** Halves the numbers until one range is left. */
const search = (code: Assembler, verdicts: Verdicts, end: string): void => {
  const [only] = verdicts;
  if (verdicts.length === 1 && only) {
    answer(code, only[1], end);
    return;
  }
  const half = verdicts.length >> 1;
  const [first] = verdicts[half] ?? [0];
  const below = code.label();
  const above = code.label();
  code.test("atLeast", first, { whenFalse: below });
  code.goto(above);
  code.place(below);
  search(code, verdicts.slice(0, half), end);
  code.place(above);
  search(code, verdicts.slice(half), end);
};

const answer = (code: Assembler, verdict: CallRules, end: string): void => {
  if (verdict === "default") code.goto(end);
  else if (verdict === "unknown") code.return(ERRNO | ENOSYS);
  else {
    // The narrower word first: an error of its own comes before what allows.
    const rules = verdict.rules.toSorted(
      (a, b) => Number(a.errno === undefined) - Number(b.errno === undefined),
    );
    for (const { args, errno } of rules) {
      const fails = code.label();
      for (const arg of args) compare(code, arg, fails);
      code.return(errno === undefined ? ALLOW : ERRNO | errno);
      code.place(fails);
    }
    code.goto(end);
  }
};

/** Goes on where the argument is as asked, else to `fails`. The high halves decide, where they differ. */
const compare = (code: Assembler, { index, op, value, mask }: Arguments[number], fails: string): void => {
  const [low, high] = halves(value);
  const [lowMask, highMask] = halves(mask ?? 0);
  const holds = code.label();
  const load = (half: "low" | "high") => code.loadArgument(index, half);
  if (op === "masked_equal") {
    load("high");
    code.and(highMask);
    code.test("equal", high, { whenFalse: fails });
    load("low");
    code.and(lowMask);
    code.test("equal", low, { whenFalse: fails });
  } else if (op === "equal") {
    load("high");
    code.test("equal", high, { whenFalse: fails });
    load("low");
    code.test("equal", low, { whenFalse: fails });
  } else if (op === "not_equal") {
    load("high");
    code.test("equal", high, { whenFalse: holds });
    load("low");
    code.test("equal", low, { whenTrue: fails });
  } else {
    const isUp = op === "greater" || op === "greater_or_equal";
    load("high");
    code.test("above", high, isUp ? { whenTrue: holds } : { whenTrue: fails });
    code.test("equal", high, isUp ? { whenFalse: fails } : { whenFalse: holds });
    load("low");
    if (op === "greater") code.test("above", low, { whenFalse: fails });
    if (op === "greater_or_equal") code.test("atLeast", low, { whenFalse: fails });
    if (op === "less") code.test("atLeast", low, { whenTrue: fails });
    if (op === "less_or_equal") code.test("above", low, { whenTrue: fails });
  }
  code.place(holds);
};

/** The low and the high 32 bits. */
const halves = (value: number): [number, number] => {
  if (!Number.isSafeInteger(value)) throw new Error(`${value} is no argument that can be compared exactly`);
  return [value % 2 ** 32, Math.floor(value / 2 ** 32)];
};
