import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Clock } from "../ports/clock.ts";
import type { RunReport, SandboxContainer } from "../ports/runtime.ts";
import { CellHosts } from "./cell-hosts.ts";
import { doubtAbout } from "./doubt.ts";
import type { Pools } from "./pools.ts";
import { Removals } from "./removals.ts";

export interface Lease {
  container: SandboxContainer;
  /** After its one run, or without any. `undefined`: nobody knows how it ended. Never throws. */
  end(report: RunReport | undefined): void;
}

export interface LeaseDependencies {
  pools: Pick<Pools, "acquire">;
  clock: Clock;
  onFault(error: unknown): void;
  /** Sandboxes that rest between two cells, of all tenants together. */
  maxResting: number;
  /** One that rests this long is given back. */
  idleMs: number;
}

/**
 * Gives each execution a sandbox and sees to what becomes of it. Tier `container`: one from the pool, thrown
 * away afterwards. Tier `cell`: where there is one that served this tenant, image and policy and was found
 * clean after it, that one; else one from the pool.
 */
export class Leases {
  readonly #deps: LeaseDependencies;
  readonly #removals: Removals;
  readonly #hosts: CellHosts;

  constructor(deps: LeaseDependencies) {
    this.#deps = deps;
    this.#removals = new Removals(deps.clock, deps.onFault);
    this.#hosts = new CellHosts({ ...deps, discard: (container) => this.#removals.begin(container) });
  }

  /** Rejects with the signal's reason, or with what keeps the pool from making one. */
  async take(image: Image, policy: Policy, tenant: string, signal: AbortSignal): Promise<Lease> {
    if (policy.isolation.tier === "container") {
      const container = await this.#deps.pools.acquire(image, policy, tenant, signal);
      return { container, end: () => this.#removals.begin(container) };
    }
    const key = `${image.digest} ${policy.digest} ${tenant}`;
    const rested = await this.#hosts.take(key, signal);
    const host = rested ?? {
      container: await this.#deps.pools.acquire(image, policy, tenant, signal),
      cells: 0,
    };
    const cells = host.cells + 1;
    return {
      container: host.container,
      end: (report) => {
        if (doubtAbout(report, cells, policy)) this.#removals.begin(host.container);
        else this.#hosts.giveBack(key, { container: host.container, cells });
      },
    };
  }

  closeIdle(): void {
    this.#hosts.closeIdle();
  }

  /** Removes every used sandbox now; resolves when they are gone. */
  async settle(): Promise<void> {
    await this.#hosts.close();
    await this.#removals.settle();
  }
}
