import type { Clock } from "../../engine/ports/clock.ts";
import type { LinkKeeper } from "../link/link-keeper.ts";

export type Late = "wall" | "cancel";

/** What a launcher has, once it is linked again, to say what it could not say before. */
const RELINKED_MS = 30_000;

/** The time after which a run is given up. While the link is being made anew the limit is the launcher's business alone. */
export class RunTimer {
  readonly #links: LinkKeeper;
  readonly #clock: Clock;
  readonly #passed = Promise.withResolvers<Late>();
  #stop = () => {};
  #stopped = false;

  constructor(links: LinkKeeper, clock: Clock) {
    this.#links = links;
    this.#clock = clock;
  }

  get passed(): Promise<Late> {
    return this.#passed.promise;
  }

  /** Starts anew. */
  set(ms: number, late: Late): void {
    this.#stop();
    if (this.#stopped) return;
    this.#stop = this.#clock.after(ms, () => {
      if (this.#links.current) this.#passed.resolve(late);
      else void this.#links.linked.then(() => this.set(RELINKED_MS, late));
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#stop();
  }
}
