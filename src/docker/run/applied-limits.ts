import type { Container } from "dockerode";
import { ServiceError } from "../../domain/errors.ts";
import type { Limits } from "../../domain/policy.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";

const MiB = 1024 * 1024;

export type EngineLimits = Pick<Limits, "memoryMiB" | "processes">;

/** Limits that are the kernel's business, so the engine is asked: what a run has below the policy's, and the policy's again after it. */
export class AppliedLimits {
  readonly #container: Pick<Container, "update">;
  #inForce: EngineLimits | undefined;

  readonly #fixedProcesses: number | undefined;

  /**
   * `inForce`: what the container has; undefined where that isn't known. `fixedProcesses`: of a sandbox whose own
   * kernel bounds processes, which the engine can't change.
   */
  constructor(
    container: Pick<Container, "update">,
    inForce: EngineLimits | undefined,
    fixedProcesses?: number | undefined,
  ) {
    this.#container = container;
    this.#inForce = inForce;
    this.#fixedProcesses = fixedProcesses;
  }

  /** Rejects with `invalid_request` where processes can't be bounded anew, before anything is changed. */
  async apply({ memoryMiB, processes }: EngineLimits): Promise<void> {
    const isFixed = this.#fixedProcesses !== undefined;
    if (isFixed && processes !== this.#fixedProcesses) throw processesAreFixed(this.#fixedProcesses);
    if (this.#inForce?.memoryMiB === memoryMiB && this.#inForce.processes === processes) return;
    const memory = memoryMiB * MiB;
    this.#inForce = undefined;
    try {
      await this.#container.update({
        Memory: memory,
        MemorySwap: memory,
        ...(isFixed ? {} : { PidsLimit: processes }),
      });
    } catch (error) {
      throw new SandboxFault("the engine did not apply the run's own limits", false, error);
    }
    this.#inForce = { memoryMiB, processes };
  }
}

const processesAreFixed = (processes: number | undefined): ServiceError =>
  new ServiceError("invalid_request", "The policy's runtime does not allow this action", {
    issues: [
      {
        field: "limits.processes",
        message: `must be ${processes} or left out: the runtime can't lower it for one run`,
      },
    ],
  });
