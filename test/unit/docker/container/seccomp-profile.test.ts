import { describe, expect, test } from "vitest";
import { z } from "zod";
import { loadSeccompProfile } from "../../../../src/docker/container/seccomp-profile.ts";
import { policiesFolder } from "../../../support/builders.ts";

const profile = z
  .object({
    defaultAction: z.string(),
    architectures: z.array(z.string()),
    syscalls: z.array(
      z.object({
        names: z.array(z.string()),
        action: z.string(),
        errnoRet: z.number().optional(),
        args: z.unknown().optional(),
      }),
    ),
  })
  .parse(JSON.parse(loadSeccompProfile(policiesFolder, "std", "x86_64")));

const allowed = new Set(
  profile.syscalls.filter(({ action }) => action === "SCMP_ACT_ALLOW").flatMap(({ names }) => names),
);

describe("policies/seccomp/std.json", () => {
  test("denies by default and names one architecture only", () => {
    expect(profile.defaultAction).toBe("SCMP_ACT_ERRNO");
    expect(profile.architectures).toEqual(["SCMP_ARCH_X86_64"]);
  });

  test.each([
    "mount umount2 move_mount fsopen open_tree pivot_root chroot",
    "unshare setns ptrace process_vm_readv process_vm_writev kcmp pidfd_getfd",
    "bpf perf_event_open io_uring_setup io_uring_enter io_uring_register userfaultfd",
    "keyctl add_key request_key name_to_handle_at open_by_handle_at",
    "init_module finit_module kexec_load reboot swapon settimeofday sethostname",
    "personality modify_ldt memfd_secret memfd_create execveat seccomp",
    "shmget msgget semget mq_open fanotify_init inotify_init1 setuid setgid setgroups capset",
  ])("none of these is allowed: %s", (names) => {
    expect(names.split(" ").filter((name) => allowed.has(name))).toEqual([]);
  });

  test.each(["socket", "socketpair", "clone", "ioctl", "prctl", "arch_prctl", "mknod", "mknodat"])(
    "%s is allowed with fixed arguments only",
    (name) => {
      const rules = profile.syscalls.filter(({ names }) => names.includes(name));
      expect(rules.length).toBeGreaterThan(0);
      expect(
        rules.every(({ names, args }) => names.length === 1 && Array.isArray(args) && args.length > 0),
      ).toBe(true);
    },
  );

  test("clone3 is as if it didn't exist, so that threads fall back to clone", () => {
    expect(profile.syscalls.find(({ names }) => names.includes("clone3"))).toMatchObject({
      action: "SCMP_ACT_ERRNO",
      errnoRet: 38,
    });
  });

  test("a machine without a list is refused", () => {
    expect(() => loadSeccompProfile(policiesFolder, "std", "riscv64")).toThrow("riscv64");
    expect(() => loadSeccompProfile(policiesFolder, "nope", "x86_64")).toThrow();
  });
});
