import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import { createSandboxId } from "../../domain/ids.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Slots } from "../admission/slots.ts";
import type { Clock } from "../ports/clock.ts";
import type { PoolState, PoolStatus } from "../ports/pool-status.ts";
import type { ContainerRuntime, SandboxContainer } from "../ports/runtime.ts";
import type { Telemetry } from "../ports/telemetry.ts";

export interface PoolOptions {
  image: Image;
  policy: Policy;
  tenant: string;
  /** Warm sandboxes to keep ready. */
  target: number;
  /** Creates in a row that fail before the pool stops refilling by itself. */
  maxFailures: number;
  /** First pause after a failed create; doubles with each further one. */
  backoffMs: number;
  /** How long a stopped pool waits before it tries one create again. */
  stoppedMs: number;
  pingTimeoutMs: number;
  /** How long after a hit the replacement is begun, unless nothing warm is left. */
  refillDelayMs: number;
}

export interface PoolDependencies {
  runtime: ContainerRuntime;
  clock: Clock;
  telemetry: Telemetry;
  /** Bounds creates in flight over all pools. */
  creates: Slots;
  onFault(error: unknown): void;
}

interface Waiter {
  resolve(container: SandboxContainer): void;
  reject(error: unknown): void;
}

/**
 * Warm sandboxes for one image, one policy and one tenant, each handed out once and for good.
 *
 * States of the pool:
 * - `filling`: fewer warm sandboxes than the target and its waiters need; creates are under way.
 *   -> `steady` when there are enough. -> `backing_off` when a create fails.
 * - `steady`: nothing to do. -> `filling` when one is taken or dies.
 * - `backing_off`: the last create failed; a timer runs. -> `filling` when it fires.
 *   -> `stopped` after `maxFailures` failures in a row.
 * - `stopped`: waiters were refused, and there is no refill; the reason is in `status()`. One create
 *   is tried after `stoppedMs`, or at once when somebody asks for a sandbox; success -> `filling`,
 *   failure -> `stopped`.
 * - `closed`: ends every warm sandbox, refuses waiters; what is still being created is removed
 *   when it comes. Final.
 *
 * States of a sandbox (domain/sandbox.ts) as the pool sees them: creating (a create in flight),
 * warm (in the list), leased (returned by `acquire`, out of the pool's hands, never back),
 * gone (destroyed here because it died or did not answer its ping).
 */
export class Pool {
  readonly #options: PoolOptions;
  readonly #deps: PoolDependencies;
  readonly #warm: SandboxContainer[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #inFlight = new Set<Promise<void>>();
  #failures = 0;
  #proven = false;
  #lastFailure = "";
  #cancelTimer: (() => void) | undefined;
  #cancelRefill: (() => void) | undefined;
  #closed = false;

  constructor(options: PoolOptions, deps: PoolDependencies) {
    this.#options = options;
    this.#deps = deps;
  }

  get state(): PoolState {
    if (this.#closed) return "closed";
    if (this.#failures >= this.#options.maxFailures) return "stopped";
    if (this.#cancelTimer) return "backing_off";
    return this.#missing() > 0 || this.#inFlight.size > 0 ? "filling" : "steady";
  }

  /** Resolves when the creates that are under way have ended, well or not. */
  async attempted(): Promise<void> {
    await Promise.race([...this.#inFlight, Promise.all(this.#inFlight)]);
  }

  /** Throws with the reason when nobody who asks now would soon get a sandbox. */
  assertServes(): void {
    if (this.#warm.length > 0) return;
    if (this.state === "stopped") throw new ServiceError("runtime_unavailable", this.#lastFailure);
    if (!this.#proven && (this.#options.target > 0 || this.#failures > 0))
      throw new ServiceError("runtime_unavailable", this.#lastFailure || "the first sandbox is being made");
  }

  status(): PoolStatus {
    return {
      image: this.#options.image.name,
      policy: this.#options.policy.name,
      state: this.state,
      warm: this.#warm.length,
      creating: this.#inFlight.size,
      waiting: this.#waiters.length,
      target: this.#options.target,
      ...(this.#failures > 0 ? { reason: this.#lastFailure } : {}),
    };
  }

  /** Starts whatever creates are missing. */
  fill(): void {
    if (this.#closed || this.#cancelTimer) return;
    for (let missing = this.#missing(); missing > 0; missing -= 1) this.#create();
  }

  /**
   * Takes one sandbox out for good: a warm one that answered a ping just now, else the next that
   * is created. Rejects with the signal's reason, or with the last failure when the pool stops.
   */
  async acquire(signal: AbortSignal): Promise<SandboxContainer> {
    for (;;) {
      signal.throwIfAborted();
      const container = this.#warm.shift();
      if (!container) break;
      this.#refillSoon();
      try {
        await container.ping(this.#options.pingTimeoutMs);
        this.#deps.telemetry.acquired(true);
        return container;
      } catch (error) {
        this.#deps.onFault(error);
        await this.#destroy(container);
      }
    }
    this.#deps.telemetry.acquired(false);
    return await this.#wait(signal);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelPause();
    this.#cancelRefill?.();
    for (const waiter of this.#waiters.splice(0)) waiter.reject(shuttingDown());
    await Promise.all(this.#warm.splice(0).map((container) => this.#destroy(container)));
    await Promise.all(this.#inFlight);
  }

  /**
   * A create takes a core for a tenth of a second; begun a little later, it doesn't compete with
   * the run that just got its sandbox. When nothing warm is left there is no time to lose.
   */
  #refillSoon(): void {
    if (this.#warm.length === 0) this.fill();
    else this.#cancelRefill ??= this.#deps.clock.after(this.#options.refillDelayMs, () => this.#refill());
  }

  #refill(): void {
    this.#cancelRefill = undefined;
    this.fill();
  }

  #missing(): number {
    const allowed = this.#failures > 0 ? 1 : this.#options.target + this.#waiters.length;
    return allowed - this.#warm.length - this.#inFlight.size;
  }

  #wait(signal: AbortSignal): Promise<SandboxContainer> {
    if (this.#closed) return Promise.reject(shuttingDown());
    return new Promise((resolve, reject) => {
      const leave = () => {
        const index = this.#waiters.indexOf(waiter);
        if (index >= 0) this.#waiters.splice(index, 1);
        reject(signal.reason);
      };
      const waiter: Waiter = {
        resolve: (container) => {
          signal.removeEventListener("abort", leave);
          resolve(container);
        },
        reject: (error) => {
          signal.removeEventListener("abort", leave);
          reject(error);
        },
      };
      signal.addEventListener("abort", leave, { once: true });
      this.#waiters.push(waiter);
      if (this.state === "stopped") this.#cancelPause();
      this.fill();
    });
  }

  #create(): void {
    const attempt = this.#attempt().finally(() => {
      this.#inFlight.delete(attempt);
      this.fill();
    });
    this.#inFlight.add(attempt);
  }

  async #attempt(): Promise<void> {
    const { runtime, clock, telemetry, creates } = this.#deps;
    const { image, policy, tenant } = this.#options;
    const release = await creates.take();
    try {
      // Those who waited may be gone by the time that there is a place to create in.
      if (this.#closed || this.#missing() < 0) return;
      const started = clock.monotonic();
      const container = await runtime.create({ id: createSandboxId(clock.now()), tenant, image, policy });
      telemetry.sandboxCreated(clock.monotonic() - started);
      this.#failures = 0;
      this.#proven = true;
      await this.#admit(container);
    } catch (error) {
      this.#failed(error);
    } finally {
      release();
    }
  }

  async #admit(container: SandboxContainer): Promise<void> {
    if (this.#closed) return await this.#destroy(container);
    const waiter = this.#waiters.shift();
    if (waiter) return waiter.resolve(container);
    if (this.#warm.length >= this.#options.target) return await this.#destroy(container);
    this.#warm.push(container);
    void container.closed.then(() => this.#onDeath(container));
  }

  #cancelPause(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
  }

  #onDeath(container: SandboxContainer): void {
    const index = this.#warm.indexOf(container);
    if (index < 0) return;
    this.#warm.splice(index, 1);
    this.#deps.onFault(new Error("a warm sandbox ended by itself"));
    void this.#destroy(container).then(() => this.fill());
  }

  /** Never rejects: what can't be removed now is the reaper's. */
  async #destroy(container: SandboxContainer): Promise<void> {
    try {
      await container.destroy();
    } catch (error) {
      this.#deps.onFault(error);
    }
  }

  #failed(error: unknown): void {
    this.#failures += 1;
    this.#lastFailure = error instanceof ServiceError ? error.message : "a fault; see the log";
    this.#deps.onFault(error);
    const { maxFailures, backoffMs, stoppedMs } = this.#options;
    const stopped = this.#failures >= maxFailures;
    // One failed create is nobody's answer: those who wait get the next, until the pool gives up.
    if (stopped) for (const waiter of this.#waiters.splice(0)) waiter.reject(error);
    if (this.#closed) return;
    const pause = stopped ? stoppedMs : backoffMs * 2 ** (this.#failures - 1);
    this.#cancelPause();
    this.#cancelTimer = this.#deps.clock.after(pause, () => {
      this.#cancelTimer = undefined;
      this.fill();
    });
  }
}
