import { createHash } from "node:crypto";
import type { Action } from "../../domain/action.ts";
import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Accepted, Admission } from "../admission/admission.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import {
  InputsRefused,
  type RunReport,
  type RunRequest,
  type SandboxContainer,
  SandboxFault,
} from "../ports/runtime.ts";
import type { Pools } from "../sandboxes/pools.ts";
import { filesDontFit, sandboxFailed, toServiceError, wasCancelled } from "./failures.ts";
import type { Ledger } from "./ledger.ts";
import type { LiveExecution } from "./live-execution.ts";
import { neverBegan, observe } from "./observe.ts";
import { toRunRequest } from "./to-run-request.ts";

/** A sandbox that breaks before user code ran costs the caller nothing but time: another one is tried. */
const ATTEMPTS = 3;
/** A removal takes a core for a while; it leaves this one to the answer first. */
const REMOVAL_DELAY_MS = 10;

export interface ExecutorDependencies {
  admission: Admission;
  catalog: Catalog;
  pools: Pools;
  ledger: Ledger;
  clock: Clock;
  onFault(error: unknown): void;
}

/** What a request brings besides its action. */
export interface Submission {
  tenant: string;
  /** The execution's id. */
  id: string;
  traceparent?: string | undefined;
  /** See `RunIdentity`. */
  live?: boolean | undefined;
}

interface Work {
  image: Image;
  policy: Policy;
  request: RunRequest;
}

/** Carries one action through in a sandbox of its own: admit, lease, run, observe, store, destroy. */
export class Executor {
  readonly #deps: ExecutorDependencies;
  readonly #destroying = new Set<Promise<void>>();
  /** Begins a removal that still leaves its core to an answer. */
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();

  constructor(deps: ExecutorDependencies) {
    this.#deps = deps;
  }

  /**
   * Accepts an action. Rejects with `invalid_request`, `policy_denied`, `not_found`, `capacity_exhausted` or
   * `quota_exhausted` when it isn't accepted; from then on the execution is in the store, and how it ends is
   * told by the returned one.
   */
  async submit(
    action: Action,
    { tenant, id, traceparent, live: readAlong }: Submission,
  ): Promise<LiveExecution> {
    const { admission, catalog, clock, ledger } = this.#deps;
    const policy = catalog.policy(action.policy);
    const image = await catalog.image(action.image, policy);
    const request = toRunRequest(action, policy, { id, traceparent, live: readAlong });
    const accepted = admission.accept({ tenant, sandbox: true });
    const head = {
      id,
      createdAt: new Date(clock.now()).toISOString(),
      action: {
        kind: "script" as const,
        sha256: createHash("sha256").update(request.code).digest("hex"),
        image: { name: image.name, digest: image.digest },
        policy: { name: policy.name, digest: policy.digest },
      },
      tier: policy.isolation.tier,
    };
    let live: LiveExecution;
    try {
      live = ledger.begin(tenant, head, "");
    } catch (error) {
      accepted.drop();
      throw error;
    }
    void this.#carry(live, accepted, { image, policy, request }).catch((error: unknown) => {
      if (!(error instanceof ServiceError)) this.#deps.onFault(error);
      ledger.fail(live, toServiceError(error));
    });
    return live;
  }

  /** Cancels everything that runs or waits; each caller still gets an answer. */
  cancelAll(): void {
    this.#stop.abort(shuttingDown());
  }

  /** Removes every used container now; resolves when they are gone. */
  async settle(): Promise<void> {
    for (const begin of this.#waiting) begin();
    await Promise.all(this.#destroying);
  }

  async #carry(live: LiveExecution, accepted: Accepted, work: Work): Promise<void> {
    const { clock, ledger } = this.#deps;
    const started = clock.monotonic();
    const signal = AbortSignal.any([live.signal, this.#stop.signal]);
    let leave = () => {};
    try {
      leave = await accepted.enter(signal);
      const queuedMs = clock.monotonic() - started;
      const { report, acquireMs, runMs } = await this.#run(live, work, signal);
      // Cut off by us: a fault of ours, which no trainer must score.
      if (this.#stop.signal.aborted && !live.signal.aborted && wasCancelled(report)) throw shuttingDown();
      const totalMs = clock.monotonic() - started;
      ledger.finish(live, observe(report), { queuedMs, acquireMs, runMs, totalMs });
    } catch (error) {
      if (!live.signal.aborted || error !== live.signal.reason) throw error;
      const waitedMs = clock.monotonic() - started;
      ledger.finish(live, neverBegan, { queuedMs: waitedMs, acquireMs: 0, runMs: 0, totalMs: waitedMs });
    } finally {
      leave();
    }
  }

  async #run(
    live: LiveExecution,
    { image, policy, request }: Work,
    signal: AbortSignal,
  ): Promise<{ report: RunReport; acquireMs: number; runMs: number }> {
    const { pools, clock, ledger, onFault } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      const asked = clock.monotonic();
      const container = await pools.acquire(image, policy, live.tenant, signal);
      const acquired = clock.monotonic();
      try {
        live.runsIn(container);
        const report = await container.run(request, { signal, onEvent: (event) => ledger.tell(live, event) });
        return { report, acquireMs: acquired - asked, runMs: clock.monotonic() - acquired };
      } catch (error) {
        const started = error instanceof SandboxFault && error.started;
        if (signal.aborted && !started) throw signal.reason;
        if (error instanceof InputsRefused) throw filesDontFit();
        if (!(error instanceof SandboxFault)) throw error;
        onFault(error);
        if (started || attempt === ATTEMPTS) throw sandboxFailed(error);
      } finally {
        this.#destroy(container);
      }
    }
  }

  /** Off the hot path: it begins after the answer is on its way, and only `settle` waits for it. */
  #destroy(container: SandboxContainer): void {
    const { clock, onFault } = this.#deps;
    const { promise: due, resolve: begin } = Promise.withResolvers<void>();
    clock.after(REMOVAL_DELAY_MS, begin);
    this.#waiting.add(begin);
    const gone = due
      .then(() => {
        this.#waiting.delete(begin);
        return container.destroy();
      })
      .catch(onFault)
      .finally(() => this.#destroying.delete(gone));
    this.#destroying.add(gone);
  }
}
