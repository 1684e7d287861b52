import { describe, expect, test } from "vitest";
import { loadLauncherCalls, toEngineProfile } from "../../../../src/docker/seccomp/profile.ts";
import type { SyscallRule } from "../../../../src/domain/syscalls.ts";
import { aPolicy, policiesFolder } from "../../../support/builders.ts";

const launcher = loadLauncherCalls(policiesFolder);
const profileOf = (calls: SyscallRule[], needs = launcher, machine: "x86_64" | "aarch64" = "x86_64") =>
  JSON.parse(toEngineProfile(calls, needs, machine)) as {
    defaultAction: string;
    architectures: string[];
    syscalls: { names: string[]; action: string; errnoRet?: number; args?: unknown[] }[];
  };
const allowedIn = ({ syscalls }: ReturnType<typeof profileOf>) =>
  new Set(syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names));

describe("the engine's profile", () => {
  test("leaves the rest to a tracer that nobody can be, and names one architecture only", () => {
    expect(profileOf([])).toMatchObject({
      defaultAction: "SCMP_ACT_TRACE",
      architectures: ["SCMP_ARCH_X86_64"],
    });
    expect(profileOf([], launcher, "aarch64").architectures).toEqual(["SCMP_ARCH_AARCH64"]);
    expect(allowedIn(profileOf(aPolicy().calls))).not.toContain("ptrace");
  });

  test.each([
    "mount umount2 move_mount fsopen open_tree pivot_root chroot",
    "unshare setns ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd",
    "bpf perf_event_open io_uring_setup io_uring_enter io_uring_register userfaultfd",
    "keyctl add_key request_key name_to_handle_at open_by_handle_at",
    "init_module finit_module kexec_load reboot swapon settimeofday sethostname",
    "personality modify_ldt memfd_secret memfd_create execveat",
    "shmget msgget semget mq_open fanotify_init inotify_init1 setuid setgid setgroups capset",
  ])("with the default policy none of these gets out: %s", (names) => {
    const allowed = allowedIn(profileOf(aPolicy().calls));
    expect(names.split(" ").filter((name) => allowed.has(name))).toEqual([]);
  });

  test("arguments are compared as the rules say", () => {
    const calls: SyscallRule[] = [
      { names: ["clone"], args: [{ index: 0, op: "masked_equal", mask: 0xff00, value: 0 }] },
      { names: ["kill"], args: [{ index: 1, op: "less", value: 2 ** 40 }] },
      { names: ["mbind"], errno: 13 },
      { names: ["clone3"], errno: 38 },
    ];
    expect(profileOf(calls, []).syscalls).toEqual([
      {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, op: "SCMP_CMP_MASKED_EQ", value: 0xff00, valueTwo: 0 }],
      },
      { names: ["kill"], action: "SCMP_ACT_ALLOW", args: [{ index: 1, op: "SCMP_CMP_LT", value: 2 ** 40 }] },
      { names: ["mbind"], action: "SCMP_ACT_ERRNO", errnoRet: 13 },
      // ENOSYS is what becomes of a call without a rule.
    ]);
  });

  test("an error that the policy wants of what the launcher needs is left to the cell's filter", () => {
    const calls: SyscallRule[] = [{ names: ["fork", "pidfd_open"], errno: 13 }];
    expect(profileOf(calls).syscalls[0]).toMatchObject({ names: ["fork"], errnoRet: 13 });
  });

  test("what is refused by its arguments is left to the cell's filter", () => {
    const calls: SyscallRule[] = [
      { names: ["tkill"], args: [{ index: 0, op: "equal", value: 1 }], errno: 1 },
      { names: ["tkill"] },
    ];
    expect(profileOf(calls, []).syscalls).toEqual([{ names: ["tkill"], action: "SCMP_ACT_ALLOW" }]);
  });
});

describe("what the launcher needs", () => {
  test.each(["clone", "ioctl", "prctl", "seccomp", "socketpair"])(
    "%s is allowed to it with fixed arguments only",
    (name) => {
      const rules = launcher.filter(({ names }) => names.includes(name));
      expect(rules.length).toBeGreaterThan(0);
      expect(rules.every(({ names, args = [] }) => names.length === 1 && args.length > 0)).toBe(true);
    },
  );

  test("is nothing that makes a socket, a program, or a namespace", () => {
    const names = launcher.flatMap((rule) => rule.names);
    const never = [
      "socket",
      "connect",
      "bind",
      "unshare",
      "setns",
      "mount",
      "ptrace",
      "bpf",
      "fork",
      "vfork",
    ];
    expect(names.filter((name) => never.includes(name))).toEqual([]);
  });

  test("and clone3 is as if it didn't exist, so that threads fall back to clone", () => {
    expect(launcher.find(({ names }) => names.includes("clone3"))).toMatchObject({ errno: 38 });
  });
});
