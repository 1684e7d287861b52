import type { Container } from "dockerode";
import type { Limits } from "../../domain/policy.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";

const MiB = 1024 * 1024;

export type EngineLimits = Pick<Limits, "memoryMiB" | "processes">;

/** Limits that are the kernel's business, so the engine is asked: what a run has below the policy's, and the policy's again after it. */
export class AppliedLimits {
  readonly #container: Pick<Container, "update">;
  #inForce: EngineLimits | undefined;

  /** `inForce`: what the container has; undefined where that isn't known. */
  constructor(container: Pick<Container, "update">, inForce: EngineLimits | undefined) {
    this.#container = container;
    this.#inForce = inForce;
  }

  async apply({ memoryMiB, processes }: EngineLimits): Promise<void> {
    if (this.#inForce?.memoryMiB === memoryMiB && this.#inForce.processes === processes) return;
    const memory = memoryMiB * MiB;
    this.#inForce = undefined;
    try {
      await this.#container.update({ Memory: memory, MemorySwap: memory, PidsLimit: processes });
    } catch (error) {
      throw new SandboxFault("the engine did not apply the run's own limits", false, error);
    }
    this.#inForce = { memoryMiB, processes };
  }
}
