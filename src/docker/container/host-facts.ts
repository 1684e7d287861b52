import type Dockerode from "dockerode";
import type { SandboxSpec } from "../../engine/ports/runtime.ts";
import { toUnavailable, unavailable } from "./docker-errors.ts";
import { loadSeccompProfile } from "./seccomp-profile.ts";

/** Uids that sandboxes run as: outside of what Debian gives to people and services. */
const FIRST_UID = 20_000;
const UIDS = 40_000;

/** What this host gives to each sandbox: cores in turn, a uid of its own, a system call list for its machine. */
export class HostFactsSource {
  readonly #docker: Dockerode;
  readonly #policiesFolder: string;
  readonly #profiles = new Map<string, string>();
  readonly #uids = new Map<string, number>();
  #host: Promise<{ machine: string; cores: number }> | undefined;
  #turn = 0;

  constructor(docker: Dockerode, policiesFolder: string) {
    this.#docker = docker;
    this.#policiesFolder = policiesFolder;
  }

  /** Throws `runtime_unavailable` where the policy wants what the host doesn't have. */
  async of({ id, policy }: SandboxSpec): Promise<{ uid: number; cpuset: string; seccompProfile: string }> {
    this.#host ??= this.#askHost();
    const { machine, cores } = await this.#host;
    const { cpus } = policy.limits;
    if (cpus > cores) {
      throw unavailable(`policy ${policy.name} wants ${cpus} cores, the engine has ${cores}`);
    }
    const seccompProfile = this.#profile(policy.syscalls, machine);
    const turn = this.#takeTurn();
    this.#uids.set(id, uidOf(turn));
    return { uid: uidOf(turn), cpuset: chooseCores(turn, cpus, cores), seccompProfile };
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

  async #askHost(): Promise<{ machine: string; cores: number }> {
    try {
      const { Architecture, NCPU } = await this.#docker.info();
      return { machine: Architecture, cores: NCPU };
    } catch (error) {
      // Asked again next time.
      this.#host = undefined;
      throw toUnavailable(error, "it does not tell what it is");
    }
  }

  #profile(syscalls: string, machine: string): string {
    const known = this.#profiles.get(syscalls);
    if (known !== undefined) return known;
    try {
      const profile = loadSeccompProfile(this.#policiesFolder, syscalls, machine);
      this.#profiles.set(syscalls, profile);
      return profile;
    } catch (error) {
      throw unavailable(`there is no system call list ${syscalls} for ${machine}`, error);
    }
  }
}

const uidOf = (turn: number): number => FIRST_UID + (turn % UIDS);

/** Spreads sandboxes over the cores in turn: "1" or, for two cores, "1,2". */
const chooseCores = (turn: number, wanted: number, cores: number): string =>
  Array.from({ length: wanted }, (_, index) => (turn * wanted + index) % cores)
    .sort((a, b) => a - b)
    .join(",");
