import type { Clock } from "../ports/clock.ts";
import type { SandboxContainer } from "../ports/runtime.ts";

/** A sandbox of tier `cell` with how many cells it has served. */
export interface CellHost {
  container: SandboxContainer;
  cells: number;
}

interface Options {
  clock: Clock;
  maxResting: number;
  idleMs: number;
  /** Takes a sandbox that serves nobody any more. */
  discard(container: SandboxContainer): void;
  onFault(error: unknown): void;
}

interface Resting extends CellHost {
  key: string;
  since: number;
}

/** Resolves when the signal does what it is for. */
const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));

/**
 * Sandboxes between two cells, for one tenant, image and policy each (the key).
 *
 * States of one: wiping (given back; what its cell left is being removed) -> resting (found clean) -> taken.
 * One in which something is left, that does not answer, dies, or is one too many, is discarded instead.
 */
export class CellHosts {
  readonly #options: Options;
  readonly #resting = new Set<Resting>();
  /** Wipes under way, by key; each resolves, never rejects. */
  readonly #wiping = new Map<string, Set<Promise<void>>>();
  #closed = false;

  constructor(options: Options) {
    this.#options = options;
  }

  /** The one that rested last, as its memory is the warmest; undefined where there is none and none is about to be. */
  async take(key: string, signal: AbortSignal): Promise<CellHost | undefined> {
    for (;;) {
      signal.throwIfAborted();
      const host = [...this.#resting].findLast((resting) => resting.key === key);
      if (host) {
        this.#resting.delete(host);
        return host;
      }
      const wipes = this.#wiping.get(key);
      if (!wipes) return;
      // A wipe takes milliseconds, a container a hundred times as long.
      await Promise.race([...wipes, aborted(signal)]);
    }
  }

  /** Wipes it, off the hot path, and keeps it where nothing is left. */
  giveBack(key: string, host: CellHost): void {
    const wipes = this.#wiping.get(key) ?? new Set();
    this.#wiping.set(key, wipes);
    const wiped = this.#wipe(key, host).finally(() => {
      wipes.delete(wiped);
      if (wipes.size === 0) this.#wiping.delete(key);
    });
    wipes.add(wiped);
  }

  closeIdle(): void {
    const oldest = this.#options.clock.monotonic() - this.#options.idleMs;
    for (const host of this.#resting) if (host.since < oldest) this.#discard(host);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#wiping.values()].flatMap((wipes) => [...wipes]));
    for (const host of this.#resting) this.#discard(host);
  }

  async #wipe(key: string, { container, cells }: CellHost): Promise<void> {
    const { clock, maxResting, discard, onFault } = this.#options;
    try {
      const { residue } = await container.wipe();
      if (residue.length > 0) throw new Error(`a cell left something behind: ${residue.join("; ")}`);
    } catch (error) {
      onFault(error);
      discard(container);
      return;
    }
    const host = { key, container, cells, since: clock.monotonic() };
    if (this.#closed) return discard(container);
    this.#resting.add(host);
    void container.closed.then(() => this.#discard(host));
    const [oldest] = this.#resting;
    if (oldest && this.#resting.size > maxResting) this.#discard(oldest);
  }

  #discard(host: Resting): void {
    if (this.#resting.delete(host)) this.#options.discard(host.container);
  }
}
