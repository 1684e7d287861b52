import type { Machine } from "../../domain/syscall-numbers.ts";
import type { SyscallRule } from "../../domain/syscalls.ts";
import type { SandboxSpec } from "../../engine/ports/runtime.ts";
import { loadLauncherCalls, toEngineProfile } from "../seccomp/profile.ts";
import { assertMachine, type Programs, toPrograms } from "../seccomp/program.ts";
import { unavailable } from "./docker-errors.ts";
import type { EngineFacts } from "./engine-facts.ts";

/** Uids that sandboxes run as: outside of what Debian gives to people and services. */
const FIRST_UID = 20_000;
const UIDS = 40_000;

interface SystemCalls {
  seccompProfile: string;
  programs: Programs;
}

/** What this host gives to each sandbox: cores in turn, a uid of its own, system call filters for its machine. */
export class HostFactsSource {
  readonly #policiesFolder: string;
  /** Those of a policy are made once: it is never changed. */
  readonly #systemCalls = new WeakMap<SyscallRule[], SystemCalls>();
  readonly #uids = new Map<string, number>();
  #launcher: SyscallRule[] | undefined;
  #turn = 0;

  constructor(policiesFolder: string) {
    this.#policiesFolder = policiesFolder;
  }

  /** Throws `runtime_unavailable` where the policy wants what the host doesn't have. */
  of({ id, policy }: SandboxSpec, engine: EngineFacts): SystemCalls & { uid: number; cpuset: string } {
    const { cpus } = policy.limits;
    assertAvailable(policy, engine);
    const systemCalls = this.#systemCallsOf(policy, engine.machine);
    const turn = this.#takeTurn();
    this.#uids.set(id, uidOf(turn));
    return { ...systemCalls, uid: uidOf(turn), cpuset: chooseCores(turn, cpus, engine.cores) };
  }

  /** A sandbox that an earlier process made has this uid. */
  keep(sandboxId: string, uid: number): void {
    this.#uids.set(sandboxId, uid);
  }

  /** The sandbox is gone, and its uid free again. */
  free(sandboxId: string): void {
    this.#uids.delete(sandboxId);
  }

  #takeTurn(): number {
    const taken = new Set(this.#uids.values());
    let turn = this.#turn++;
    while (taken.has(uidOf(turn)) && taken.size < UIDS) turn = this.#turn++;
    return turn;
  }

  #systemCallsOf({ name, calls }: SandboxSpec["policy"], machine: string): SystemCalls {
    const known = this.#systemCalls.get(calls);
    if (known !== undefined) return known;
    try {
      const made = this.#make(calls, assertMachine(machine));
      this.#systemCalls.set(calls, made);
      return made;
    } catch (error) {
      throw unavailable(`the system calls of policy ${name} can't be put on this machine`, error);
    }
  }

  #make(calls: SyscallRule[], machine: Machine): SystemCalls {
    this.#launcher ??= loadLauncherCalls(this.#policiesFolder);
    const programs = toPrograms(calls, machine);
    return { seccompProfile: toEngineProfile(calls, this.#launcher, machine), programs };
  }
}

const assertAvailable = (
  { name, limits, isolation, network }: SandboxSpec["policy"],
  { cores, runtimes }: EngineFacts,
): void => {
  if (limits.cpus > cores)
    throw unavailable(`policy ${name} wants ${limits.cpus} cores, the engine has ${cores}`);
  if (!runtimes.has(isolation.runtime)) {
    const registered = [...runtimes.keys()].sort().join(", ");
    throw unavailable(`policy ${name} wants the runtime ${isolation.runtime}, the engine has ${registered}`);
  }
  if (network !== "none") throw unavailable(`policy ${name} wants a credentials broker, this host has none`);
};

const uidOf = (turn: number): number => FIRST_UID + (turn % UIDS);

/** Spreads sandboxes over the cores in turn: "1" or, for two cores, "1,2". */
const chooseCores = (turn: number, wanted: number, cores: number): string =>
  Array.from({ length: wanted }, (_, index) => (turn * wanted + index) % cores)
    .sort((a, b) => a - b)
    .join(",");
