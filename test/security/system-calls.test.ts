/** Attempts on the kernel's system call surface, each beside a control that shows the payload works. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Service, startService } from "../support/service.ts";

let service: Service;
beforeAll(async () => {
  service = await startService();
});
afterAll(async () => await service[Symbol.asyncDispose]());

const prelude = `
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
def call(number, *args):
    ctypes.set_errno(0)
    result = libc.syscall(ctypes.c_long(number), *args)
    return "allowed" if result >= 0 else errno.errorcode[ctypes.get_errno()]
`;

const print = async (code: string) => {
  const observation = await service.run(prelude + code);
  expect(observation, observation.stderr).toMatchObject({ outcome: "ok" });
  return observation.stdout.trim();
};

/** x86_64 numbers; the arguments are such that a kernel without our filter answers something else. */
const refused: [string, string, string][] = [
  ["ptrace of oneself", "call(101, 0, 0, 0, 0)", "EPERM"],
  ["process_vm_readv of oneself", "call(310, os.getpid(), None, 0, None, 0, 0)", "EPERM"],
  ["a new user namespace by unshare", "call(272, 0x10000000)", "EPERM"],
  ["a new user namespace by clone", "call(56, 0x10000000 | 17, 0, 0, 0, 0)", "EPERM"],
  ["clone3, as if it didn't exist", "call(435, None, 0)", "ENOSYS"],
  ["setns", "call(308, 0, 0)", "EPERM"],
  ["mount", "call(165, b'x', b'/tmp', b'tmpfs', 0, None)", "EPERM"],
  ["the new mount calls", "call(430, b'tmpfs', 0)", "EPERM"],
  ["pivot_root", "call(155, b'/', b'/')", "EPERM"],
  ["chroot", "call(161, b'/tmp')", "EPERM"],
  ["bpf", "call(321, 0, None, 0)", "EPERM"],
  ["perf_event_open", "call(298, None, 0, -1, -1, 0)", "EPERM"],
  ["io_uring_setup", "call(425, 1, None)", "EPERM"],
  ["userfaultfd", "call(323, 0)", "EPERM"],
  ["keyctl", "call(250, 0, -3, 0)", "EPERM"],
  ["add_key", "call(248, b'user', b'x', b'y', 1, -3)", "EPERM"],
  ["name_to_handle_at", "call(303, -100, b'/', None, None, 0)", "EPERM"],
  ["open_by_handle_at", "call(304, -100, None, 0)", "EPERM"],
  ["init_module", "call(175, None, 0, b'')", "EPERM"],
  ["kexec_load", "call(246, 0, 0, None, 0)", "EPERM"],
  ["reboot", "call(169, 0, 0, 0, None)", "EPERM"],
  ["settimeofday", "call(164, None, None)", "EPERM"],
  ["sethostname", "call(170, b'x', 1)", "EPERM"],
  ["personality", "call(135, 0x0040000)", "EPERM"],
  ["modify_ldt", "call(154, 0, None, 0)", "EPERM"],
  ["memfd_create", "call(319, b'x', 0)", "EPERM"],
  ["memfd_secret", "call(447, 0)", "EPERM"],
  ["execveat", "call(322, -1, b'', None, None, 0x1000)", "EPERM"],
  ["seccomp", "call(317, 0, 0, None)", "EPERM"],
  ["System V shared memory", "call(29, 0, 4096, 0o1777)", "EPERM"],
  ["a POSIX message queue", "call(240, b'x', 0o102, 0o600, None)", "EPERM"],
  ["fanotify", "call(300, 0, 0)", "EPERM"],
  ["inotify, which would spy on shared layers", "call(294, 0)", "EPERM"],
  ["setuid", "call(105, 0)", "EPERM"],
  ["a device node", "call(133, b'/tmp/d', 0o020600, 0x103)", "EPERM"],
  ["pushing characters into a terminal", "call(16, 0, 0x5412, b'x')", "EPERM"],
  ["becoming a child subreaper", "call(157, 36, 1, 0, 0, 0)", "EPERM"],
  ["letting others trace it", "call(157, 0x59616d61, -1, 0, 0, 0)", "EPERM"],
];

const control: [string, string][] = [
  ["getpid", "call(39)"],
  ["a fork by clone", "'allowed' if os.fork() == 0 and not os._exit(0) or True else ''"],
  ["a named pipe", "call(133, b'/tmp/p', 0o010600, 0)"],
  ["a prctl that is listed", "call(157, 15, b'name', 0, 0, 0)"],
];

describe("system calls", () => {
  test.each(refused)("%s", async (_, payload, expected) => {
    expect(await print(`print(${payload})`)).toBe(expected);
  });

  test.each(control)("control: %s goes through the same door", async (_, payload) => {
    expect(await print(`print(${payload})`)).toMatch(/allowed|True/);
  });

  test("socket families: AF_UNIX, AF_INET and AF_INET6 open, no other of the first 64", async () => {
    const code = `
import socket
opened = []
for family in range(64):
    for kind in (1, 2, 3, 5):
        if call(41, family, kind, 0) == "allowed":
            opened.append(family)
            break
print(opened)`;
    expect(await print(code)).toBe("[1, 2, 10]");
  });

  test("raw sockets don't open", async () => {
    expect(await print("print(call(41, 2, 3, 1), call(41, 10, 3, 58), call(41, 17, 3, 0))")).toBe(
      "EPERM EPERM EPERM",
    );
  });

  test("32-bit and x32 system calls don't reach the kernel", async () => {
    expect(await service.run(`${prelude}print(call(0x40000000 + 39))`)).toMatchObject({
      outcome: "signalled",
      evidence: { signal: "SIGSYS" },
    });
    const code = `
import mmap
page = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
# mov eax, 20 (getpid); int 0x80; ret
page.write(b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3")
address = ctypes.addressof(ctypes.c_char.from_buffer(page))
print(ctypes.CFUNCTYPE(ctypes.c_long)(address)())`;
    expect(await service.run(prelude + code)).toMatchObject({
      outcome: "signalled",
      evidence: { signal: "SIGSYS" },
    });
  });

  test("no call that could harm gets through a sweep of all numbers", async () => {
    const code = `
import json, signal
# Calls that block or end the process even with zero arguments, left to the tests above.
skip = {15, 34, 56, 57, 58, 59, 60, 61, 130, 219, 231, 435}
through = []
for number in range(0, 600):
    if number in skip: continue
    pid = os.fork()
    if pid == 0:
        signal.alarm(2)
        result = call(number, *([ctypes.c_long(-1)] * 6))
        os._exit(1 if result in ("EPERM", "ENOSYS") else 0)
    _, status = os.waitpid(pid, 0)
    if status == 0 or os.WIFSIGNALED(status): through.append(number)
print(json.dumps(through))`;
    const numbers: number[] = JSON.parse(await print(code));
    expect(numbers.length).toBeGreaterThan(80);
    const dangerous = [
      16, 29, 41, 101, 133, 135, 154, 155, 157, 158, 161, 165, 175, 246, 248, 250, 259, 272, 298, 300, 304,
      308, 310, 311, 317, 319, 321, 322, 323, 425, 426, 427, 438, 447,
    ];
    expect(numbers.filter((number) => dangerous.includes(number))).toEqual([]);
  });

  test("a number that no call has, or none yet, is ENOSYS, so that programs go on without it", async () => {
    expect(await print("print(call(335 + 20), call(470), call(1000), call(100000))")).toBe(
      "ENOSYS ENOSYS ENOSYS ENOSYS",
    );
  });

  test("the filter can't be changed from inside: neither seccomp nor prctl, nor by the launcher's own mark", async () => {
    const code = `
mark = [ctypes.c_long(0x636c6f636865)] * 3
program = ctypes.create_string_buffer(b"\\x06\\0\\0\\0\\0\\0\\xff\\x7f" + bytes(16))
print(call(317, 1, 0, program), call(317, 1, 8, program), call(157, 22, 2, program))
print(call(317, 1, 8, program, *mark), call(46, 1, program, 0, *mark))
print([line for line in open("/proc/self/status") if line.startswith("Seccomp_filters")])`;
    expect(await print(code)).toBe("EPERM EPERM EPERM\nEPERM EPERM\n['Seccomp_filters:\\t3\\n']");
  });

  test.each([
    ["a thread", "threading.Thread(target=lambda: print(call(250, 9))).start()"],
    ["a fork", "print(call(250, 9), flush=True) if os.fork() == 0 else os.wait()"],
    [
      "another program",
      "subprocess.run([sys.executable, '-c', 'import ctypes; c = ctypes.CDLL(None, use_errno=True); c.syscall(250, 9); print(\"EPERM\" if ctypes.get_errno() == 1 else ctypes.get_errno())'])",
    ],
  ])("the filter is in force in %s, and what it denies there is reported", async (_, attempt) => {
    const observation = await service.run(`${prelude}import subprocess, sys, threading\n${attempt}`);
    expect(observation.stdout.trim()).toBe("EPERM");
    expect(observation.denied.calls).toContainEqual({
      call: "keyctl",
      argument: "0x9",
      count: 1,
      rule: "syscalls.tier std: not listed",
    });
  });
});

describe("denied calls", () => {
  test("control: a run that calls nothing it may not has none", async () => {
    const { denied } = await service.run(
      "import subprocess, threading\nprint(subprocess.run(['/bin/true']))",
    );
    expect(denied).toEqual({ reportedBy: "launcher", total: 0, calls: [], truncated: false });
  });

  test("each is told with its count, its first argument and the line that denied it", async () => {
    const code = `
for n in range(5): call(250, 7)
call(250, 8)
call(272, 0x10000000)
call(41, 38, 5, 0)
call(435, None, 0)`;
    const { denied } = await service.run(prelude + code);
    expect(denied).toEqual({
      reportedBy: "launcher",
      total: 8,
      calls: [
        { call: "keyctl", argument: "0x7", count: 5, rule: "syscalls.tier std: not listed" },
        { call: "keyctl", argument: "0x8", count: 1, rule: "syscalls.tier std: not listed" },
        { call: "unshare", argument: "0x10000000", count: 1, rule: "syscalls.tier std: not listed" },
        { call: "socket", argument: "0x26", count: 1, rule: "syscalls.tier std: arguments" },
      ],
      truncated: false,
    });
  });

  test("more kinds than 64 are counted, and said to be more", async () => {
    const { denied } = await service.run(`${prelude}for n in range(100): call(250, n)`);
    expect(denied).toMatchObject({ total: 100, truncated: true });
    expect(denied.calls).toHaveLength(64);
  });

  test("a flood of them from many processes holds up neither limits nor output", async () => {
    const code = `
for n in range(8):
    if os.fork() == 0:
        while True: call(250, n)
import time
for n in range(20):
    print(n, flush=True)
    time.sleep(0.02)
time.sleep(60)`;
    const { outcome, stdout, usage, denied } = await service.run(prelude + code, {
      limits: { wallMs: 1500 },
    });
    expect(outcome).toBe("time_limit");
    expect(usage.wallMs).toBeLessThan(2500);
    expect(stdout.split("\n")).toHaveLength(21);
    expect(denied.total).toBeGreaterThan(1000);
    expect(denied.calls).toHaveLength(8);
  });

  test("the descriptor by which the kernel asks is nowhere in the sandbox that code could reach", async () => {
    const code = `
found = [os.readlink(f"/proc/self/fd/{fd}") for fd in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{fd}")]
print([name for name in found if "seccomp" in name])
for pid in filter(str.isdigit, os.listdir("/proc")):
    if int(pid) != os.getpid():
        try: print(pid, os.listdir(f"/proc/{pid}/fd"))
        except OSError as error: print(pid, type(error).__name__)
print(call(438, os.open("/proc/self", 0), 3, 0))`;
    expect(await print(code)).toBe("[]\n1 PermissionError\nEPERM");
  });

  test("in a session, what runs on between two executions counts to the next one", async () => {
    const session = await service.session();
    const first = await session.step(`${prelude}call(250, 1)`);
    expect(first.observation.denied).toMatchObject({ total: 1 });
    await session.step(`
import threading
go, done = threading.Event(), threading.Event()
def later():
    go.wait()
    call(250, 2)
    done.set()
threading.Thread(target=later, daemon=True).start()
threading.Timer(0.05, go.set).start()`);
    const beside = await session.step({ code: "print(1)", fresh: true });
    const last = await session.step("done.wait()\ncall(250, 3)");
    const calls = [beside, last].flatMap(({ observation }) => observation.denied.calls);
    expect(calls.map(({ argument }) => argument).sort()).toEqual(["0x2", "0x3"]);
    const fresh = await session.step({ code: `${prelude}call(250, 4)`, fresh: true });
    expect(fresh.observation.denied.calls).toMatchObject([{ call: "keyctl", argument: "0x4" }]);
  });
});
