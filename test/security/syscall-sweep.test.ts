/** Every system call number under every tier: what gets through is what the tier's file lists, exactly. */
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { exitOf, inSandbox, type OpenSandbox } from "../../scripts/seccomp/sandbox.ts";
import { findImages } from "../../scripts/seccomp/trace-images.ts";
import type { Image } from "../../src/domain/image.ts";
import { machines, numbersOf } from "../../src/domain/syscall-numbers.ts";
import type { SyscallRule } from "../../src/domain/syscalls.ts";
import { loadSyscallTier } from "../../src/policies/syscall-tiers.ts";
import { docker } from "../support/service.ts";
import { type Came, type Probe, sweep } from "../support/syscall-sweep.ts";

const policies = join(import.meta.dirname, "../../policies");
const EPERM = 1;
const ENOSYS = 38;
const SIGSYS = 31;

/** futex answers ENOSYS to an operation that it doesn't know; this is one that it knows. */
const inParticular: Record<string, number[]> = { futex: [-1, 1, 0] };

/** Calls whose arguments decide: some that are let through, and some that are not. */
const byArguments: Record<string, { allowed: number[][]; denied: number[][] }> = {
  arch_prctl: { allowed: [[0x1003]], denied: [[0x1001], [0x5001]] },
  // The allowed ones stop at EINVAL: a thread without shared handlers.
  clone: { allowed: [[0x10000]], denied: [[0x10000011], [0x20000], [0x40000000]] },
  // F_SETOWN and F_SETOWN_EX; the allowed ones stop at a descriptor that there is not.
  fcntl: {
    allowed: [
      [-1, 8, 2],
      [-1, 3],
    ],
    denied: [
      [-1, 8, 1],
      [-1, 8, -1],
      [-1, 15, 0],
    ],
  },
  // Nobody has that number; 28 is SIGWINCH.
  kill: {
    allowed: [[4_000_000, 0]],
    denied: [
      [1, 28],
      [2 ** 32 + 1, 28],
    ],
  },
  rt_sigqueueinfo: { allowed: [[4_000_000, 0]], denied: [[1, 28]] },
  rt_tgsigqueueinfo: { allowed: [[4_000_000, 4_000_000, 0]], denied: [[1, 1, 28]] },
  tgkill: { allowed: [[4_000_000, 4_000_000, 0]], denied: [[1, 1, 28]] },
  tkill: { allowed: [[4_000_000, 0]], denied: [[1, 28]] },
  ioctl: {
    allowed: [
      [-1, 0x5401],
      [-1, 0x541b],
    ],
    denied: [
      [-1, 0x5412],
      [-1, 0x541c],
      [-1, 0x5401_0000_5401],
    ],
  },
  mknod: {
    allowed: [[-1, 0o010600]],
    denied: [
      [-1, 0o020600],
      [-1, 0o060600],
    ],
  },
  mknodat: { allowed: [[-1, -1, 0o010600]], denied: [[-1, -1, 0o020600]] },
  prctl: {
    allowed: [[3], [39]],
    denied: [
      [4, 1],
      [22, 2],
      [36, 1],
    ],
  },
  prlimit64: { allowed: [[0]], denied: [[1, 7, 0, 0]] },
  sched_setaffinity: { allowed: [[0, 0]], denied: [[1, 0]] },
  setpriority: {
    allowed: [[0, 0, 19]],
    denied: [
      [0, 1, 19],
      [2, 0, 19],
    ],
  },
  socket: {
    allowed: [
      [1, 1, 0],
      [2, 2, 17],
    ],
    denied: [
      [16, 3, 0],
      [38, 5, 0],
      [2, 3, 1],
      [17, 3, 0],
    ],
  },
  socketpair: { allowed: [[1, 1, 0]], denied: [[16, 1, 0]] },
};

/** The kernel lets these past every filter, and ends whoever calls them without a probe (SIGILL). */
const beyondFilters = ["uprobe", "uretprobe"];

let python: Image;
let numbers: ReadonlyMap<string, number>;
/** 0 to 1023. */
let everyNumber: number[];
let unconfined: Map<number, Came>;

beforeAll(async () => {
  const engine = docker();
  const [found] = await findImages(engine, ["python"]);
  const { Architecture } = await engine.info();
  const machine = machines.find((each) => each === Architecture);
  if (!found || !machine) throw new Error(`there is no table of calls for ${Architecture}`);
  python = found;
  numbers = new Map([...numbersOf(machine)].filter(([name]) => !beyondFilters.includes(name)));
  const beyond = beyondFilters.map((name) => numbersOf(machine).get(name));
  everyNumber = Array.from({ length: 1024 }, (_, number) => number).filter(
    (number) => !beyond.includes(number),
  );
  // Writing everybody's files to disk is the one call that the control leaves out.
  const harmless = everyNumber.filter((number) => number !== numbers.get("sync"));
  const { came } = await under("unconfined", (sandbox) => sweep(sandbox, toProbes(harmless)));
  unconfined = byNumber(harmless, came);
});

const under = <T>(tier: string, use: (sandbox: OpenSandbox) => Promise<T>): Promise<T> =>
  inSandbox({ docker: docker(), image: python, under: tier }, use);

const nameOf = (number: number) => [...numbers].find(([, its]) => its === number)?.[0];
const toProbes = (some: readonly number[]): Probe[] =>
  some.map((number) => [number, ...(inParticular[nameOf(number) ?? ""] ?? [])]);

const byNumber = (some: readonly number[], came: readonly Came[]) =>
  new Map(came.map((each, index) => [some[index] ?? -1, each]));

/** Errors that a filter gives and the kernel may give as well. */
const isRefusal = (came: Came | undefined) => came === EPERM || came === ENOSYS;

/** What the tier's file says of each call that this machine has. */
const declared = (rules: readonly SyscallRule[]) => {
  const named = (wanted: (rule: SyscallRule) => boolean) =>
    rules.filter(wanted).flatMap(({ names }) => names.filter((name) => numbers.has(name)));
  const free = named(({ args, errno }) => args === undefined && errno === undefined).sort();
  const some = [...new Set(named(({ args }) => args !== undefined))].sort();
  const withError = new Map(
    rules.flatMap(({ names, args, errno }) => (errno && !args ? names.map((name) => [name, errno]) : [])),
  );
  return { free, some, withError };
};

test("control: without filters nearly every call of the kernel answers for itself", () => {
  const answered = [...numbers.values()].filter((number) => !isRefusal(unconfined.get(number)));
  expect(answered.length).toBeGreaterThan(280);
  const harmful = [
    "ptrace",
    "unshare",
    "bpf",
    "keyctl",
    "io_uring_setup",
    "memfd_create",
    "process_vm_readv",
  ];
  const silent = harmful.filter((name) => isRefusal(unconfined.get(numbers.get(name) ?? 0)));
  expect(silent.length, silent.join()).toBeLessThan(3);
});

describe.each(["strict", "std", "compat"])("under %s", (tier) => {
  const rules = loadSyscallTier(policies, tier).map(({ rule }) => rule);
  let came: Map<number, Came>;
  let reported: Set<string>;
  let probed: { name: string; args: number[]; allowed: boolean; came: Came | undefined }[];

  beforeAll(async () => {
    const probes = declared(rules).some.flatMap((name) => {
      const { allowed, denied } = byArguments[name] ?? { allowed: [], denied: [] };
      const both = [...allowed.map((args) => ({ name, args, allowed: true }))];
      return [...both, ...denied.map((args) => ({ name, args, allowed: false }))];
    });
    await under(tier, async (sandbox) => {
      const swept = await sweep(sandbox, toProbes(everyNumber));
      came = byNumber(everyNumber, swept.came);
      reported = swept.denied;
      const toProbe = ({ name, args }: (typeof probes)[number]): Probe => [numbers.get(name) ?? -1, ...args];
      const answers = (await sweep(sandbox, probes.map(toProbe))).came;
      probed = probes.map((probe, index) => ({ ...probe, came: answers[index] }));
    });
  });

  test("the calls that are not reported as denied are those that are listed", () => {
    const { free, withError } = declared(rules);
    const through = [...numbers.keys()].filter((name) => !reported.has(name) && !withError.has(name));
    expect(through.sort()).toEqual(free);
    expect([...reported].filter((name) => !numbers.has(name))).toEqual([]);
  });

  test("the calls that answer for themselves are those that are listed", () => {
    const { free } = declared(rules);
    const telling = [...numbers].filter(([, number]) => !isRefusal(unconfined.get(number)));
    const answered = telling.filter(([, number]) => !isRefusal(came.get(number))).map(([name]) => name);
    const listed = free.filter((name) => telling.some(([its]) => its === name));
    expect({
      besides: answered.filter((name) => !listed.includes(name)),
      missing: listed.filter((name) => !answered.includes(name)),
    }).toEqual({ besides: [], missing: [] });
    // For the rest the report above is the only witness.
    expect(free.filter((name) => !listed.includes(name)).length).toBeLessThan(9);
  });

  test("a denied call fails with EPERM, one with an error of its own with that, an unknown one with ENOSYS", () => {
    const { free, withError } = declared(rules);
    const wrong = everyNumber.filter((number) => {
      const name = nameOf(number);
      if (name !== undefined && free.includes(name)) return false;
      const expected = name === undefined ? ENOSYS : (withError.get(name) ?? EPERM);
      return came.get(number) !== expected;
    });
    expect(wrong.map((number) => [number, nameOf(number), came.get(number)])).toEqual([]);
  });

  test("of a call whose arguments decide, what is allowed gets through and the rest does not", () => {
    expect(declared(rules).some.filter((name) => !(name in byArguments))).toEqual([]);
    const wrong = probed.filter(({ allowed, came }) => (came !== EPERM) !== allowed);
    expect(wrong).toEqual([]);
  });

  test("numbers of other architectures end the process", async () => {
    await under(tier, async (sandbox) => {
      expect(exitOf(await sandbox.run(x32)), "x32").toBe(-SIGSYS);
      expect(exitOf(await sandbox.run(i386)), "i386").toBe(-SIGSYS);
    });
  });
});

test("control: without filters the numbers of other architectures reach the kernel", async () => {
  await under("unconfined", async (sandbox) => {
    expect(exitOf(await sandbox.run(x32))).toBe(0);
    expect(exitOf(await sandbox.run(i386))).not.toBe(-SIGSYS);
  });
});

const x32 = `
import ctypes
ctypes.CDLL(None).syscall(ctypes.c_long(0x40000000 + 39))`;

/** mov eax, 20 (getpid); int 0x80; ret */
const i386 = `
import ctypes, mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
assert ctypes.CFUNCTYPE(ctypes.c_long)(address)() > 0`;
