/** Rules about files: what can be written, run or read beyond what code needs. */
import type { Policy } from "../../domain/policy.ts";
import { isBeneath, writableMounts } from "../trees.ts";
import type { LintRule, Weakness } from "./rule.ts";

type List = Exclude<keyof Policy["landlock"], "scope">;

const harmlessDevices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];
const system = [
  "/usr",
  "/bin",
  "/sbin",
  "/lib",
  "/lib32",
  "/lib64",
  "/opt",
  "/etc",
  "/proc",
  "/sys",
  "/dev",
  "/boot",
  "/run",
  "/var",
];
/** What code has no business in, and trees that have all of it. */
const foreign = ["/root", "/home", "/run", "/var/run", "/var/lib", "/boot"];

const each = (
  { landlock }: Policy,
  list: List,
  isWeak: (tree: string) => boolean,
  say: (tree: string) => string,
): Weakness[] =>
  landlock[list].flatMap((tree, i) =>
    isWeak(tree) ? [{ path: ["landlock", list, i], message: say(tree) }] : [],
  );

const isWorkplace = (tree: string) => writableMounts.some((mount) => isBeneath(tree, mount));
const overlap = (one: string, other: string) => isBeneath(one, other) || isBeneath(other, one);

export const fileRules: readonly LintRule[] = [
  {
    id: "CLP020",
    name: "system-is-writable",
    severity: "error",
    summary: "Landlock lets code write where programs or the system's settings are",
    remedy: "Take it out of landlock.write: /workspace, /tmp and /dev/shm are for writing",
    standards: ["CIS 5.13", "NIST 4.4.3", "NIST 4.5.5", "ASI05"],
    check: ({ policy }) =>
      each(
        policy,
        "write",
        (tree) => !isWorkplace(tree) && system.some((part) => overlap(tree, part)),
        (tree) => `${tree} may be written to`,
      ),
  },
  {
    id: "CLP021",
    name: "writable-and-executable",
    severity: "error",
    summary: "What code writes it may also run as a program",
    remedy: "Keep landlock.write and landlock.readExecute apart",
    standards: ["CIS 5.13", "NIST 4.4.1", "ASI05"],
    check: ({ policy }) =>
      each(
        policy,
        "write",
        (tree) => policy.landlock.readExecute.some((other) => overlap(tree, other)),
        (tree) => `${tree} may be written to and executed from`,
      ),
  },
  {
    id: "CLP022",
    name: "unusual-writable-tree",
    severity: "warning",
    summary: "Landlock lets code write outside of the three folders that are wiped",
    remedy: "Take it out of landlock.write",
    standards: ["CIS 5.13", "NIST 4.5.5"],
    check: ({ policy }) =>
      each(
        policy,
        "write",
        (tree) => !isWorkplace(tree) && !system.some((part) => overlap(tree, part)),
        (tree) => `${tree} may be written to`,
      ),
  },
  {
    id: "CLP023",
    name: "device",
    severity: "warning",
    summary: "A device is open to code beyond the five that do nothing",
    remedy: "Take it out of landlock.devices",
    standards: ["CIS 5.18", "NIST 4.4.3"],
    check: ({ policy }) =>
      each(
        policy,
        "devices",
        (path) => !harmlessDevices.includes(path),
        (path) => `${path} may be read, written and asked`,
      ),
  },
  {
    id: "CLP024",
    name: "wide-reading",
    severity: "warning",
    summary: "Code may read all of the file system, or places where other things leave theirs",
    remedy: "Name the trees that programs need",
    standards: ["NIST 4.5.5", "ASI03"],
    check: ({ policy }) =>
      (["read", "readExecute"] as const).flatMap((list) =>
        each(
          policy,
          list,
          (tree) => foreign.some((part) => overlap(tree, part)),
          (tree) => `${tree} may be read`,
        ),
      ),
  },
];
