import { ServiceError, toFault } from "../../domain/errors.ts";
import type { Execution, ExecutionHead, FailedExecution, Timings } from "../../domain/execution.ts";
import type { Observation } from "../../domain/observation.ts";
import type { LateWrites } from "../late-writes.ts";
import type { RunEvent } from "../ports/runtime.ts";
import type { ExecutionStore } from "../ports/stores.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import { LiveExecution } from "./live-execution.ts";
import { statusOf } from "./record-of.ts";

export interface LedgerDependencies {
  store: ExecutionStore;
  /** For what the store refuses at the end of an execution. */
  late: LateWrites;
  telemetry: Telemetry;
  onFault(error: unknown): void;
  /** What an execution used, for its tenant's bounds. */
  charge(tenant: string, used: { cpuMs: number; bytes: number }): void;
}

/**
 * Every execution from its acceptance to its end: in the store first, then told to whoever waits or reads
 * along. Nothing is acknowledged before it is stored.
 */
export class Ledger {
  readonly #deps: LedgerDependencies;
  readonly #live = new Map<string, LiveExecution>();

  constructor(deps: LedgerDependencies) {
    this.#deps = deps;
  }

  /** `plan` is what a later process needs to go on with it. */
  begin(tenant: string, head: ExecutionHead, plan: string): LiveExecution {
    this.#deps.store.begin(tenant, head, plan);
    return this.adopt(tenant, head);
  }

  /** One that an earlier process began. */
  adopt(tenant: string, head: ExecutionHead): LiveExecution {
    const live = new LiveExecution(tenant, head);
    this.#live.set(live.id, live);
    return live;
  }

  find(visibleTo: string | undefined, id: string): LiveExecution | undefined {
    const live = this.#live.get(id);
    return live && (visibleTo === undefined || visibleTo === live.tenant) ? live : undefined;
  }

  /**
   * Whether it was accepted and has not failed: under way here, going on without this process, or finished. Such a
   * one is to be found again, and never to be run again.
   */
  stands(visibleTo: string | undefined, id: string): boolean {
    if (this.find(visibleTo, id)) return true;
    const stored = this.#deps.store.find(visibleTo, id);
    return stored !== undefined && statusOf(stored) !== "failed";
  }

  /** What a run says while it goes on. */
  tell(live: LiveExecution, event: RunEvent): void {
    if (event.type === "started") {
      this.#note(() => this.#deps.store.running(live.id));
      live.feed.started({ ...live.head, status: "running" });
    } else if (event.type === "result") live.feed.result(event.result);
    else live.feed.output(event.type, event.data);
  }

  /**
   * Stores what became of it, then answers. Where the store refuses, whoever waits is told so; it is stored, and
   * told to those who read along, as soon as it can be. Until then it is found here, so that it is not run again.
   */
  finish(
    live: LiveExecution,
    observation: Observation,
    timings: Timings,
    onStored: () => void = () => {},
  ): void {
    const { store, late, telemetry, charge } = this.#deps;
    const rounded = Object.fromEntries(Object.entries(timings).map(([name, ms]) => [name, round(ms)]));
    const execution: Execution = {
      ...live.head,
      status: "finished",
      observation,
      timings: rounded as Timings,
    };
    const timeline = live.feed.complete(observation.outputs.files);
    const isStored = late.write(live.id, () => {
      const stored = store.finish(live.tenant, execution, timeline);
      this.#live.delete(live.id);
      live.feed.finished(stored);
      live.settle(stored);
      onStored();
    });
    if (!isStored)
      live.reject(new ServiceError("store_unavailable", "The execution has ended and can't be stored now"));
    telemetry.outcome(observation.outcome);
    for (const phase of ["queued", "acquire", "run", "total"] as const) {
      telemetry.phase(phase, timings[`${phase}Ms`]);
    }
    const { cpuMs, stdoutBytes, stderrBytes } = observation.usage;
    charge(live.tenant, { cpuMs: live.head.session ? 0 : (cpuMs ?? 0), bytes: stdoutBytes + stderrBytes });
  }

  /** It could not be carried through: nobody's score. */
  fail(live: LiveExecution, error: ServiceError, onStored: () => void = () => {}): void {
    const { store, late, telemetry } = this.#deps;
    const fault = toFault(error);
    const execution: FailedExecution = { ...live.head, status: "failed", error: fault };
    // Those who wait get the error, also where it can't be stored yet.
    late.write(live.id, () => {
      store.fail(live.tenant, execution);
      this.#live.delete(live.id);
      onStored();
    });
    live.feed.failed(JSON.stringify(fault));
    live.reject(error);
    telemetry.fault(error.code);
  }

  /** This process ends, the execution goes on: nobody is told an end that is none. */
  handOver(live: LiveExecution, error: ServiceError): void {
    this.#live.delete(live.id);
    live.feed.cut();
    live.reject(error);
  }

  #note(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#deps.onFault(error);
    }
  }
}

const round = (ms: number) => Math.round(ms * 1000) / 1000;
