import { describe, expect, test } from "vitest";
import { type Calls, readThread } from "../../../../scripts/seccomp/strace-output.ts";
import { toTracedCalls } from "../../../../scripts/seccomp/trace-file.ts";

const read = (text: string) => {
  const calls: Calls = new Map();
  readThread(text, calls);
  return toTracedCalls(calls);
};

describe("what strace wrote of a thread", () => {
  test("is names, in order, and the arguments that matter", () => {
    const text = `socket(0x1, 0x80001, 0) = 0x3
read(0x3, 0x7ffe, 0x10) = 0
socket(0x2, 0x1, 0x6) = -1 EPERM (Operation not permitted)
clone(0x1200011, 0, 0, 0x7f, 0) = 0x9
prlimit64(0x2a, 0x7, 0, 0x7ffe) = 0
--- SIGCHLD {si_signo=SIGCHLD} ---
+++ exited with 0 +++
`;
    expect(read(text)).toEqual({
      calls: ["clone", "prlimit64", "read", "socket"],
      arguments: { clone: ["0x0"], prlimit64: ["0x1"], socket: ["0x1,0x0", "0x2,0x6"] },
    });
  });

  test("is not what the launcher's child does before it closes the door behind itself", () => {
    const text = "setsid() = 0x5\nlandlock_restrict_self(0x9, 0) = 0\ngetpid() = 0x5\n";
    expect(read(text).calls).toEqual(["getpid"]);
  });

  test("counts a call that the thread's end cut off", () => {
    expect(read("read(0x3,  <unfinished ...>) = ?\nsocket(0x1, <unfinished ...>\n")).toEqual({
      calls: ["read", "socket"],
      arguments: {},
    });
  });

  test("throws for a number that strace has no name for", () => {
    expect(() => read("syscall_0x1d9(0x1) = 0\n")).toThrow("no name for call 0x1d9");
  });
});
