import type { Clock } from "../ports/clock.ts";

interface WatchDependencies {
  /** Rejects while the engine doesn't answer. */
  ping(): Promise<void>;
  /** How many sessions went down with it so far. */
  sessionsLost(): number;
  clock: Clock;
  /** Told once when it goes and once when it is back. */
  onChange(answers: boolean): void;
}

/** Notices when the container engine goes away and comes back, and can tell of it afterwards. */
export class EngineWatch {
  readonly #deps: WatchDependencies;
  #awaySince: number | undefined;
  /** When it last answered: sessions go down before anyone looks. */
  #lostBefore = 0;
  #last: { from: number; to: number; lostBefore: number } | undefined;

  constructor(deps: WatchDependencies) {
    this.#deps = deps;
  }

  /** Asks the engine; rejects as `ping` does. */
  async look(): Promise<void> {
    const { ping, clock, onChange, sessionsLost } = this.#deps;
    try {
      await ping();
    } catch (error) {
      if (this.#awaySince === undefined) {
        this.#awaySince = clock.now();
        onChange(false);
      }
      throw error;
    }
    if (this.#awaySince !== undefined) {
      this.#last = { from: this.#awaySince, to: clock.now(), lostBefore: this.#lostBefore };
      this.#awaySince = undefined;
      onChange(true);
    }
    this.#lostBefore = sessionsLost();
  }

  /** What happened, for whoever asks how the service is; undefined where nothing did. */
  story(): string | undefined {
    if (!this.#last) return undefined;
    const { from, to, lostBefore } = this.#last;
    const lost = this.#deps.sessionsLost() - lostBefore;
    const seconds = Math.ceil((to - from) / 1000);
    return `ok; it was away for ${seconds} s until ${new Date(to).toISOString()}; ${lost} sessions went down with it`;
  }
}
