/** Rules about what must be in force: a control that nobody requires can be missing without a word. */
import type { Control } from "../../domain/controls.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import type { LintRule } from "./rule.ts";

const core: readonly Control[] = [
  "seccomp",
  "syscall_tier",
  "not_dumpable",
  "no_new_privileges",
  "no_capabilities",
  "non_root",
  "read_only_root",
  "no_network",
  "memory",
  "no_swap",
  "processes",
];

const bounds: readonly Control[] = ["cpus", "file_limits"];
const landlock: readonly Control[] = ["landlock", "landlock_scope"];

const missing = ({ policy }: ResolvedPolicy, wanted: readonly Control[]) =>
  wanted
    .filter((control) => !policy.require.includes(control))
    .map((control) => ({ path: ["require"], message: `${control} is not required` }));

export const controlRules: readonly LintRule[] = [
  {
    id: "CLP001",
    name: "core-control-not-required",
    severity: "error",
    summary: "A control without which the sandbox is no sandbox is not required",
    remedy: "Add it to require. Where a host can't give it, the host is the wrong one",
    standards: ["CIS 5.4", "CIS 5.11", "CIS 5.13", "CIS 5.22", "CIS 5.26", "CIS 5.29", "NIST 4.4.3", "ASI05"],
    check: (policy) => missing(policy, core),
  },
  {
    id: "CLP002",
    name: "bound-not-required",
    severity: "warning",
    summary: "A bound on cores or files is asked for, and not required to be in force",
    remedy: "Add it to require",
    standards: ["CIS 5.12", "CIS 5.19", "NIST 4.4.3", "ASI08"],
    check: (policy) => missing(policy, bounds),
  },
  {
    id: "CLP003",
    name: "cell-without-landlock",
    severity: "error",
    summary: "Cells share a container, and what keeps them apart is not required",
    remedy: "Add landlock and landlock_scope to require, or use the tier container",
    standards: ["NIST 4.4.3", "NIST 4.5.2", "ASI05"],
    check: (policy) => (policy.policy.isolation.tier === "cell" ? missing(policy, landlock) : []),
  },
  {
    id: "CLP004",
    name: "landlock-not-required",
    severity: "note",
    summary: "On a kernel without Landlock, files are kept by mounts and modes alone",
    remedy: "Add landlock and landlock_scope to require where every host has them",
    standards: ["CIS 5.2", "NIST 4.5.5", "ASI05"],
    check: (policy) => (policy.policy.isolation.tier === "cell" ? [] : missing(policy, landlock)),
  },
  {
    id: "CLP005",
    name: "no-scope",
    severity: "warning",
    summary: "Signals or abstract sockets pass from a cell to what is beside it",
    remedy: "Say signal and abstract_unix_socket in landlock.scope",
    standards: ["CIS 5.16", "CIS 5.17", "NIST 4.4.3"],
    check: ({ policy: { landlock } }) =>
      (["signal", "abstract_unix_socket"] as const)
        .filter((name) => !landlock.scope.includes(name))
        .map((name) => ({ path: ["landlock", "scope"], message: `${name} is not in the scope` })),
  },
];
