/**
 * Why a check says nothing of a host: the policy's own system calls, or the runtime's own kernel, leave nothing to see
 * it by. Only where what was seen agrees: what is refused for no such reason is judged like any.
 */
import type { Control } from "../../domain/controls.ts";
import { hasOwnKernel } from "../../domain/own-kernel.ts";
import type { Policy } from "../../domain/policy.ts";
import { holds } from "../../policies/explain/conditions.ts";
import type { Bounds } from "./self-test-parts.ts";

type Reason = (seen: Bounds, policy: Policy) => string | undefined;

/** undefined where it can be judged. */
export const whyNotApplicable = (name: string, seen: Bounds, policy: Policy): string | undefined =>
  reasons[name]?.(seen, policy);

/** Runtimes with a kernel of their own have no Landlock; a policy that requires it is not tested there at all. */
export const whyNotInForce = (control: Control, { isolation, require }: Policy): string | undefined =>
  control.startsWith("landlock") && hasOwnKernel(isolation.runtime) && !require.includes(control)
    ? `${isolation.runtime} has no Landlock, and the policy does not require it`
    : undefined;

const reasons: Record<string, Reason> = {
  process_limit: ({ processes }, policy) =>
    "made" in processes && processes.made === 0 && processes.refused !== null && !mayFork(policy)
      ? `tier ${policy.syscalls.tier} has no fork (${processes.refused}); the bound itself: processes_in_force`
      : undefined,
  cpu_time: ({ spin }, policy) =>
    "error" in spin && !mayFork(policy)
      ? `tier ${policy.syscalls.tier} has no fork, and one process takes no more than a core; the cores: cpu_pinned`
      : undefined,
  system_calls: ({ rights }, policy) =>
    "unix" in rights && rights.afAlg !== null && rights.unix !== null && !mayMakeSocket(policy)
      ? `tier ${policy.syscalls.tier} has no socket of any kind (${rights.unix}); the filter itself: syscall_tier_in_force`
      : undefined,
  tmpfs_inodes: ({ inodes }, { isolation }) =>
    !("error" in inodes) &&
    Object.values(inodes).every(
      ({ made, refused }) => made > 0 && (refused === null || refused === "ENOSPC"),
    ) &&
    hasOwnKernel(isolation.runtime)
      ? `${isolation.runtime} does not bound files by number; each costs memory, which is bounded: memory_limit`
      : undefined,
};

const AF_UNIX = 1;
/** What the C library's fork asks of clone: CLONE_CHILD_SETTID, CLONE_CHILD_CLEARTID, SIGCHLD. */
const FORK_FLAGS = 0x1200011;

const mayFork = (policy: Policy): boolean =>
  mayCall(policy, "fork", []) || mayCall(policy, "clone", [FORK_FLAGS]) || mayCall(policy, "clone3", []);

const mayMakeSocket = (policy: Policy): boolean => mayCall(policy, "socket", [AF_UNIX]);

/** As far as these first arguments tell. An error of its own comes before what allows. */
const mayCall = ({ calls }: Policy, name: string, args: number[]): boolean => {
  const known = new Map(args.entries());
  const rules = calls.filter(({ names }) => names.includes(name));
  const allowed = rules.some(
    (rule) => rule.errno === undefined && (rule.args ?? []).every((arg) => holds(arg, known) !== false),
  );
  const refused = rules.some(
    (rule) => rule.errno !== undefined && (rule.args ?? []).every((arg) => holds(arg, known) === true),
  );
  return allowed && !refused;
};
