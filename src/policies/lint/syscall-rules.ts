/** Rules about system calls: those that have opened sandboxes before, or lead around what else keeps them closed. */
import type { SyscallRule } from "../../domain/syscalls.ts";
import { anonymousPrograms } from "../anonymous-programs.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import { leftOut } from "./left-out-calls.ts";
import type { LintRule, Weakness } from "./rule.ts";

const groups: Record<string, readonly string[]> = {
  "changes mounts, under everything that is kept read-only": [
    "mount",
    "umount",
    "umount2",
    "pivot_root",
    "chroot",
    "move_mount",
    "open_tree",
    "fsopen",
    "fsconfig",
    "fsmount",
    "fspick",
    "mount_setattr",
  ],
  "makes or enters namespaces, where a user is root": ["unshare", "setns"],
  "looks into other processes, or changes them": [
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "process_madvise",
    "pidfd_getfd",
    "kcmp",
  ],
  "gives programs to the kernel, or asks it to run them": [
    "bpf",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "kexec_file_load",
  ],
  "is a way around this very filter": ["io_uring_setup", "io_uring_enter", "io_uring_register"],
  "has been the key to many holes of the kernel": [
    "userfaultfd",
    "perf_event_open",
    "modify_ldt",
    "fanotify_init",
    "vmsplice",
    "add_key",
    "keyctl",
    "request_key",
  ],
  "opens files by number, past folders and mounts": ["open_by_handle_at", "name_to_handle_at"],
  "is the host's administration": [
    "reboot",
    "swapon",
    "swapoff",
    "acct",
    "quotactl",
    "syslog",
    "iopl",
    "ioperm",
    "settimeofday",
    "clock_settime",
    "adjtimex",
    "clock_adjtime",
    "sethostname",
    "setdomainname",
  ],
};

const dangerous = new Map(Object.entries(groups).flatMap(([why, names]) => names.map((name) => [name, why])));

/** Bits of clone's flags that make namespaces. */
const NAMESPACES = 0x7e02_0000;

/** Rules that allow this call, with where they were said. */
const allowing = ({ policy, callPlaces, placeOf }: ResolvedPolicy, name: string) =>
  policy.calls.flatMap((rule, i) =>
    rule.errno === undefined && rule.names.includes(name)
      ? [{ rule, place: callPlaces[i]?.get(name) ?? placeOf(["syscalls"]) }]
      : [],
  );

const weaknesses = (
  policy: ResolvedPolicy,
  name: string,
  message: string,
  isWeak: (rule: SyscallRule) => boolean = () => true,
): Weakness[] =>
  allowing(policy, name)
    .filter(({ rule }) => isWeak(rule))
    .map(({ place }) => ({ path: ["syscalls"], message, place }));

const refusesNamespaces = ({ args = [] }: SyscallRule): boolean =>
  args.some(
    ({ index, op, value, mask = 0 }) =>
      index === 0 &&
      op === "masked_equal" &&
      value === 0 &&
      (BigInt(mask) & BigInt(NAMESPACES)) === BigInt(NAMESPACES),
  );

export const syscallRules: readonly LintRule[] = [
  {
    id: "CLP010",
    name: "dangerous-call",
    severity: "error",
    summary: "A system call is allowed that leads out of sandboxes, or around what closes them",
    remedy: "Take it out of syscalls.add, or name it in syscalls.remove",
    standards: ["CIS 5.22", "NIST 4.4.3", "NIST 4.5.2", "ASI05"],
    check: (policy) =>
      [...dangerous].flatMap(([name, why]) => weaknesses(policy, name, `${name} is allowed: it ${why}`)),
  },
  {
    id: "CLP011",
    name: "namespaces-by-clone",
    severity: "error",
    summary: "clone or clone3 may make namespaces, where a user is root",
    remedy: `Allow clone only where its flags have no CLONE_NEW bit (masked_equal, mask ${NAMESPACES}, value 0), and answer clone3 with errno 38`,
    standards: ["CIS 5.22", "CIS 5.31", "NIST 4.4.3", "ASI05"],
    check: (policy) => [
      ...weaknesses(policy, "clone", "clone is allowed with any flags", (rule) => !refusesNamespaces(rule)),
      ...weaknesses(policy, "clone3", "clone3 is allowed: no filter can see its flags"),
    ],
  },
  {
    id: "CLP012",
    name: "any-socket",
    severity: "warning",
    summary:
      "Sockets of any family may be made, also of those that lead into rarely used parts of the kernel",
    remedy: "Allow socket by its first argument: AF_UNIX, AF_INET, AF_INET6",
    standards: ["CIS 5.22", "NIST 4.4.2", "ASI05"],
    check: (policy) =>
      weaknesses(policy, "socket", "socket is allowed for any family", ({ args = [] }) =>
        args.every(({ index, op }) => index !== 0 || op !== "equal"),
      ),
  },
  {
    id: "CLP013",
    name: "wide-tier",
    severity: "warning",
    summary: "The widest tier of system calls is in use",
    remedy: "Use std, and add the calls that are missed: the denied calls of an execution name them",
    standards: ["CIS 5.22", "NIST 4.5.1", "ASI05"],
    check: ({ policy: { syscalls } }) =>
      syscalls.tier === "compat"
        ? [{ path: ["syscalls", "tier"], message: "tier compat is for programs that std breaks" }]
        : [],
  },
  {
    id: "CLP014",
    name: "removes-nothing",
    severity: "warning",
    summary: "A call is removed that neither the tier nor syscalls.add has: nothing changes by it",
    remedy: "Take it out of syscalls.remove, or name the call that was meant",
    standards: [],
    // What is inherited is said, and told, where it comes from.
    check: ({ policy: { syscalls }, idleRemovals, placeOf, file }) =>
      idleRemovals
        .map((name) => ["syscalls", "remove", syscalls.remove.indexOf(name)] as const)
        .filter((path) => placeOf(path).file === file)
        .map((path) => ({
          path,
          message: `${syscalls.remove[path[2]]} is not in tier ${syscalls.tier}, nor added`,
        })),
  },
  {
    id: "CLP015",
    name: "left-out-call",
    severity: "warning",
    summary: "A system call is allowed that every tier leaves out on purpose",
    remedy: "Take it out of syscalls.add, or say in a comment why the reason does not hold here",
    standards: ["CIS 5.22", "NIST 4.4.3", "ASI05"],
    check: (policy) =>
      Object.entries(leftOut).flatMap(([why, names]) =>
        names
          .filter((name) => !dangerous.has(name))
          .flatMap((name) => weaknesses(policy, name, `${name} is allowed, which no tier does: ${why}`)),
      ),
  },
  {
    id: "CLP016",
    name: "programs-in-memory",
    severity: "error",
    summary:
      "Code may run a program that it brought along, from a file in memory that no mount and no Landlock sees",
    remedy:
      "Take memfd_create out of syscalls.add, or allow it only where its flags have MFD_NOEXEC_SEAL (index 1, masked_equal, mask 8, value 8)",
    standards: ["CIS 5.22", "NIST 4.4.1", "ASI05"],
    check: (policy) =>
      anonymousPrograms(policy).map((place) => ({
        path: ["syscalls"],
        message: "memfd_create is allowed: what is written there runs as /proc/self/fd/N",
        place,
      })),
  },
];
