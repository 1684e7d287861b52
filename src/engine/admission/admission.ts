import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import { type ShareBounds, TenantShare } from "./tenant-share.ts";

interface AdmissionSettings {
  maxRunning: number;
  maxQueued: number;
  /** Asked when a tenant comes, and again by `recheck`. */
  boundsOf(tenant: string): ShareBounds;
}

interface Need {
  /** Whether it takes one of the tenant's sandboxes while it runs; a run in a session has one already. */
  sandbox: boolean;
  /** Whether it waits for something else before it can enter, as for its turn in a session. */
  waits?: boolean | undefined;
}

/** An execution that is not refused any more, and counts as one that waits until it is in. */
export interface Accepted {
  /** Resolves to what gives the place back. Rejects with the signal's reason, and then it has left. */
  enter(signal: AbortSignal): Promise<() => void>;
  /** It won't enter. */
  drop(): void;
}

/**
 * Lets a bounded number of executions run, lets a bounded number wait, and refuses the rest at once.
 * Free places go to the waiting tenants in turn, each tenant's own in their order; a tenant whose
 * sandboxes are all in use is passed over and keeps its turn.
 */
export class Admission {
  readonly #settings: AdmissionSettings;
  readonly #shares = new Map<string, TenantShare>();
  /** Of those who stand in line, in the order of their turns. */
  readonly #turns = new Set<TenantShare>();
  #running = 0;
  #queued = 0;
  #draining = false;
  readonly #idle: (() => void)[] = [];

  constructor(settings: AdmissionSettings) {
    this.#settings = settings;
  }

  get running(): number {
    return this.#running;
  }

  get queued(): number {
    return this.#queued;
  }

  /** How many tenants it remembers: those that have or wait for something. */
  get tenants(): number {
    return this.#shares.size;
  }

  of(tenant: string): { sandboxes: number; queued: number } {
    const share = this.#shares.get(tenant);
    return { sandboxes: share?.sandboxes ?? 0, queued: share?.queued ?? 0 };
  }

  /** Throws `capacity_exhausted` where one more execution would have to wait and a queue is full. */
  assertRoom(tenant: string, need: Need = { sandbox: false }): void {
    this.#shareWithRoom(tenant, need);
  }

  /** Throws as `assertRoom` does. An adopted one was accepted by an earlier process, so it is taken. */
  accept(need: Need & { tenant: string; adopted?: boolean | undefined }): Accepted {
    const { tenant, sandbox, adopted = false } = need;
    const share = adopted ? this.#share(tenant) : this.#shareWithRoom(tenant, need);
    this.#shares.set(tenant, share);
    share.queued += 1;
    this.#queued += 1;
    const leaveQueue = once(() => {
      share.queued -= 1;
      this.#queued -= 1;
    });
    const drop = () => {
      leaveQueue();
      this.#settle(tenant, share);
    };
    const enter = async (signal: AbortSignal) => {
      try {
        signal.throwIfAborted();
        // Whoever is in line can't go in at this moment, so nobody is overtaken.
        if (!this.#canGoIn(share, sandbox)) await this.#stand(share, sandbox, signal, leaveQueue);
        else this.#goIn(share, sandbox, leaveQueue);
      } catch (error) {
        drop();
        throw error;
      }
      return once(() => {
        this.#running -= 1;
        if (sandbox) share.sandboxes -= 1;
        this.#settle(tenant, share);
      });
    };
    return { enter, drop };
  }

  /** Accepts and enters. */
  async enter({ signal, ...need }: Need & { tenant: string; signal: AbortSignal }): Promise<() => void> {
    return await this.accept(need).enter(signal);
  }

  /**
   * Counts a session's sandbox; returns what gives it back. Throws `capacity_exhausted` at the tenant's
   * bound. An adopted one is there whatever the bound says, so it only counts.
   */
  holdSandbox(tenant: string, { adopted = false } = {}): () => void {
    if (this.#draining && !adopted) throw shuttingDown();
    const share = this.#share(tenant);
    if (!share.hasSandboxLeft && !adopted) throw noSandboxLeft(share.bounds);
    this.#shares.set(tenant, share);
    share.sandboxes += 1;
    return once(() => {
      share.sandboxes -= 1;
      this.#settle(tenant, share);
    });
  }

  /** The tenant's bounds may be others. */
  recheck(tenant: string): void {
    const share = this.#shares.get(tenant);
    if (!share) return;
    share.bounds = this.#settings.boundsOf(tenant);
    this.#letIn();
  }

  /** Refuses newcomers; resolves when everything that was accepted has ended. */
  async drain(): Promise<void> {
    this.#draining = true;
    if (this.#running + this.#queued > 0) await new Promise<void>((resolve) => this.#idle.push(resolve));
  }

  /** Remembered only once there is something to remember. */
  #share(tenant: string): TenantShare {
    return this.#shares.get(tenant) ?? new TenantShare(this.#settings.boundsOf(tenant));
  }

  #shareWithRoom(tenant: string, { sandbox, waits = false }: Need): TenantShare {
    if (this.#draining) throw shuttingDown();
    const share = this.#share(tenant);
    const { queued, bounds } = share;
    if (sandbox && bounds.sandboxes === 0) throw noSandboxLeft(bounds);
    if (!waits && this.#canGoIn(share, sandbox)) return share;
    if (this.#queued >= this.#settings.maxQueued) {
      throw full(`The queue is full: ${this.#running} running, ${this.#queued} waiting`);
    }
    if (queued >= bounds.queued) {
      throw full(
        `The tenant's queue is full: ${queued} of its executions wait, its bound is ${bounds.queued}`,
      );
    }
    return share;
  }

  #canGoIn(share: TenantShare, sandbox: boolean): boolean {
    return this.#running < this.#settings.maxRunning && (!sandbox || share.hasSandboxLeft);
  }

  #goIn(share: TenantShare, sandbox: boolean, leaveQueue: () => void): void {
    leaveQueue();
    this.#running += 1;
    if (sandbox) share.sandboxes += 1;
  }

  /** Stands in line; resolves when it is in. */
  #stand(share: TenantShare, sandbox: boolean, signal: AbortSignal, leaveQueue: () => void): Promise<void> {
    return new Promise((resolve, reject) => {
      const leaveLine = share.join(sandbox, () => {
        leave();
        this.#goIn(share, sandbox, leaveQueue);
        resolve();
      });
      this.#turns.add(share);
      const leave = () => {
        signal.removeEventListener("abort", giveUp);
        leaveLine();
        if (share.inLine === 0) this.#turns.delete(share);
      };
      const giveUp = () => {
        leave();
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
    });
  }

  /** After something came free. */
  #settle(tenant: string, share: TenantShare): void {
    this.#letIn();
    if (share.idle && this.#shares.get(tenant) === share) this.#shares.delete(tenant);
    if (this.#running + this.#queued === 0) for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Fills the free places: one for each tenant, then again from the front. */
  #letIn(): void {
    while (this.#running < this.#settings.maxRunning) {
      const share = this.#firstThatMay();
      if (!share) return;
      share.next?.enter();
      if (this.#turns.delete(share)) this.#turns.add(share);
    }
  }

  #firstThatMay(): TenantShare | undefined {
    for (const share of this.#turns) if (share.next) return share;
    return;
  }
}

const once = (action: () => void): (() => void) => {
  let due = true;
  return () => {
    if (!due) return;
    due = false;
    action();
  };
};

const full = (message: string) => new ServiceError("capacity_exhausted", message, { retryAfterSeconds: 1 });

const noSandboxLeft = ({ sandboxes }: ShareBounds) =>
  full(`The tenant has no sandbox left: its bound is ${sandboxes}`);
