import { ServiceError } from "../../domain/errors.ts";
import type { Accepted } from "../admission/admission.ts";
import { runRefused, sandboxFailed, toServiceError, wasCancelled } from "../executions/failures.ts";
import type { Ledger } from "../executions/ledger.ts";
import type { LiveExecution } from "../executions/live-execution.ts";
import { neverBegan, observe } from "../executions/observe.ts";
import type { Clock } from "../ports/clock.ts";
import {
  InputsRefused,
  type RunReport,
  type RunRequest,
  RunUnknown,
  type SandboxContainer,
  SandboxFault,
} from "../ports/runtime.ts";

interface QueueDependencies {
  ledger: Ledger;
  clock: Clock;
  onFault(error: unknown): void;
}

interface Hooks {
  began(live: LiveExecution): void;
  /** Called before the execution is stored; throws where the session can't be. */
  ended(live: LiveExecution, report: RunReport): void;
  /** It came to no report. Must not throw. */
  dropped(): void;
}

interface Item {
  live: LiveExecution;
  /** To be called once it is stored. */
  forget?: () => void;
  accepted: Accepted;
  since: number;
  /** Cut off by us for this: no trainer must score it. */
  fault?: ServiceError | undefined;
  run(sandbox: SandboxContainer, live: LiveExecution): Promise<RunReport>;
}

/** The executions of one session: one runs, the others wait in the order in which they came. */
export class SessionQueue {
  readonly #deps: QueueDependencies;
  readonly #sandbox: () => SandboxContainer;
  readonly #hooks: Hooks;
  readonly #items: Item[] = [];
  #handedOver = false;
  #pumping: Promise<void> | undefined;

  constructor(deps: QueueDependencies, sandbox: () => SandboxContainer, hooks: Hooks) {
    this.#deps = deps;
    this.#sandbox = sandbox;
    this.#hooks = hooks;
  }

  get busy(): boolean {
    return this.#items.length > 0;
  }

  get waiting(): number {
    return Math.max(0, this.#items.length - 1);
  }

  /** The one whose turn it is. */
  get current(): LiveExecution | undefined {
    return this.#items[0]?.live;
  }

  add(live: LiveExecution, accepted: Accepted, request: RunRequest): void {
    this.#push(live, accepted, (sandbox) => sandbox.run(request, this.#options(live)));
  }

  /** One that an earlier process accepted: the launcher goes on with it, or, where it never got it, begins it. */
  resume(live: LiveExecution, accepted: Accepted, request: RunRequest): void {
    this.#push(live, accepted, async (sandbox) => {
      try {
        return await sandbox.resumeRun(request, this.#options(live));
      } catch (error) {
        if (!(error instanceof RunUnknown)) throw error;
        return await sandbox.run(request, this.#options(live));
      }
    });
  }

  /** Resolves when nothing runs or waits any more. A fault of ours is given to all that it cuts off. */
  async cancelAll(fault?: ServiceError): Promise<void> {
    for (const item of [...this.#items]) {
      if (!item.live.signal.aborted) item.fault = fault;
      item.live.cancel();
    }
    await this.#pumping;
  }

  async settled(): Promise<void> {
    await this.#pumping;
  }

  /** Those who wait get the error; the executions themselves go on without this process. */
  handOver(error: ServiceError): void {
    this.#handedOver = true;
    for (const { live, accepted } of this.#items) {
      this.#deps.ledger.handOver(live, error);
      accepted.drop();
    }
  }

  #push(live: LiveExecution, accepted: Accepted, run: Item["run"]): void {
    const item: Item = { live, accepted, since: this.#deps.clock.monotonic(), run };
    this.#items.push(item);
    live.signal.addEventListener("abort", () => this.#leave(item), { once: true });
    this.#pumping ??= this.#pump().finally(() => {
      this.#pumping = undefined;
    });
  }

  async #pump(): Promise<void> {
    for (let item = this.#items[0]; item && !this.#handedOver; item = this.#items[0]) {
      await this.#carry(item).catch((error: unknown) => this.#failed(item, error));
      this.#items.shift();
    }
  }

  async #carry(item: Item): Promise<void> {
    const { live, accepted, since, run } = item;
    const { clock, ledger } = this.#deps;
    let leave = () => {};
    try {
      leave = await accepted.enter(live.signal);
      const begun = clock.monotonic();
      this.#hooks.began(live);
      const sandbox = this.#sandbox();
      // Once the execution is stored, however it ended, the launcher need not keep what it said of it.
      item.forget = () => sandbox.forget(live.id);
      live.runsIn(sandbox);
      const report = await run(sandbox, live);
      if (this.#handedOver) return;
      if (item.fault && wasCancelled(report)) throw item.fault;
      const ended = clock.monotonic();
      this.#hooks.ended(live, report);
      ledger.finish(
        live,
        observe(report),
        {
          queuedMs: begun - since,
          acquireMs: 0,
          runMs: ended - begun,
          totalMs: ended - since,
        },
        item.forget,
      );
    } catch (error) {
      if (this.#handedOver) return;
      if (!live.signal.aborted || error !== live.signal.reason) throw error;
      this.#finishUnbegun(item);
    } finally {
      leave();
    }
  }

  /** One that still waits for its turn ends at once. */
  #leave(item: Item): void {
    const index = this.#items.indexOf(item);
    if (index < 1 || this.#handedOver) return;
    this.#items.splice(index, 1);
    item.accepted.drop();
    try {
      this.#finishUnbegun(item);
    } catch (error) {
      this.#failed(item, error);
    }
  }

  #finishUnbegun({ live, since, fault, forget }: Item): void {
    const { clock, ledger } = this.#deps;
    if (fault) throw fault;
    const waitedMs = clock.monotonic() - since;
    this.#hooks.dropped();
    const timings = { queuedMs: waitedMs, acquireMs: 0, runMs: 0, totalMs: waitedMs };
    ledger.finish(live, neverBegan, timings, forget);
  }

  #failed({ live, forget }: Item, error: unknown): void {
    if (this.#handedOver) return;
    if (!(error instanceof ServiceError)) this.#deps.onFault(error);
    this.#hooks.dropped();
    this.#deps.ledger.fail(live, failureOf(error), forget);
  }

  #options(live: LiveExecution) {
    return {
      signal: live.signal,
      onEvent: (event: Parameters<Ledger["tell"]>[1]) => {
        if (!this.#handedOver) this.#deps.ledger.tell(live, event);
      },
    };
  }
}

const failureOf = (error: unknown): ServiceError => {
  if (error instanceof InputsRefused) return runRefused(error);
  if (error instanceof SandboxFault) return sandboxFailed(error);
  return toServiceError(error);
};
