import type { Clock } from "../ports/clock.ts";
import type { ContainerRuntime, SandboxRef } from "../ports/runtime.ts";

/** An exited sandbox of another instance is nobody's after this long: its owner would have removed it. */
const ABANDONED_MS = 60_000;

/**
 * Removes containers that nobody owns any more: those of this instance that this process doesn't
 * know (a crash left them), and exited ones of any instance that are old enough.
 */
export class Reaper {
  readonly #runtime: ContainerRuntime;
  readonly #clock: Clock;
  readonly #instance: string;

  constructor(runtime: ContainerRuntime, clock: Clock, instance: string) {
    this.#runtime = runtime;
    this.#clock = clock;
    this.#instance = instance;
  }

  /** Returns how many containers it removed. */
  async sweep(): Promise<number> {
    const seen = await this.#orphans();
    if (seen.length === 0) return 0;
    // One that was just being removed was in the list, though its owner had let go of it.
    const still = new Set((await this.#orphans()).map(({ containerId }) => containerId));
    const orphans = seen.filter(({ containerId }) => still.has(containerId));
    const removals = await Promise.allSettled(
      orphans.map(({ containerId }) => this.#runtime.remove(containerId)),
    );
    const failed = removals.find(({ status }) => status === "rejected");
    // The next sweep tries again; who called hears of it now.
    if (failed?.status === "rejected") throw failed.reason;
    return orphans.length;
  }

  async #orphans(): Promise<SandboxRef[]> {
    return (await this.#runtime.list()).filter((ref) => this.#isOrphan(ref));
  }

  #isOrphan({ instance, sandboxId, running, createdAt }: SandboxRef): boolean {
    if (instance === this.#instance) return !this.#runtime.owns(sandboxId);
    return !running && this.#clock.now() - createdAt > ABANDONED_MS;
  }
}
