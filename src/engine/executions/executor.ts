import { createHash } from "node:crypto";
import type { Action } from "../../domain/action.ts";
import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Accepted, Admission } from "../admission/admission.ts";
import { recordDenial } from "../audit/execution-events.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import { InputsRefused, type RunReport, type RunRequest, SandboxFault } from "../ports/runtime.ts";
import { toAsked } from "../receipts/asked.ts";
import { toSubmission } from "../receipts/submission.ts";
import type { Leases } from "../sandboxes/leases.ts";
import { filesDontFit, sandboxFailed, toServiceError, wasCancelled } from "./failures.ts";
import type { Ledger } from "./ledger.ts";
import type { LiveExecution } from "./live-execution.ts";
import { neverBegan, observe } from "./observe.ts";
import { type RunIdentity, toRunRequest } from "./to-run-request.ts";

/** A sandbox that breaks before user code ran costs the caller nothing but time: another one is tried. */
const ATTEMPTS = 3;

export interface ExecutorDependencies {
  admission: Admission;
  catalog: Catalog;
  leases: Leases;
  ledger: Ledger;
  audit: AuditLog;
  clock: Clock;
  onFault(error: unknown): void;
}

/** What a request brings besides its action. */
export interface Submission {
  tenant: string;
  /** Who asked; without one it was the service itself. */
  actor?: AuditActor | undefined;
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

/** Carries one action through in a sandbox leased for it: admit, lease, run, observe, store, give back. */
export class Executor {
  readonly #deps: ExecutorDependencies;
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
    { tenant, actor = null, id, traceparent, live: readAlong }: Submission,
  ): Promise<LiveExecution> {
    const { admission, audit, clock, ledger } = this.#deps;
    const { policy, image, request } = await this.#plan(action, { id, traceparent, live: readAlong }).catch(
      (error: unknown) => {
        throw recordDenial(audit, error, { tenant, actor, subject: { execution: id } });
      },
    );
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
      const asked = toAsked(action, request, policy);
      const submission = toSubmission({ action, traceparent, live: readAlong }, policy);
      live = ledger.begin(tenant, head, "", { asked, submission, actor });
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

  async #plan(action: Action, identity: RunIdentity): Promise<Work> {
    const { catalog } = this.#deps;
    const policy = catalog.runnable(action.policy);
    const image = await catalog.image(action.image, policy);
    return { policy, image, request: toRunRequest(action, policy, identity) };
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
    const { leases, clock, ledger, onFault } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      const asked = clock.monotonic();
      const lease = await leases.take(image, policy, live.tenant, signal);
      const acquired = clock.monotonic();
      let report: RunReport | undefined;
      try {
        live.runsIn(lease.container);
        report = await lease.container.run(request, {
          signal,
          onEvent: (event) => ledger.tell(live, event),
        });
        return { report, acquireMs: acquired - asked, runMs: clock.monotonic() - acquired };
      } catch (error) {
        const started = error instanceof SandboxFault && error.started;
        if (signal.aborted && !started) throw signal.reason;
        if (error instanceof InputsRefused) throw filesDontFit();
        if (!(error instanceof SandboxFault)) throw error;
        onFault(error);
        if (started || attempt === ATTEMPTS) throw sandboxFailed(error);
      } finally {
        lease.end(report);
      }
    }
  }
}
