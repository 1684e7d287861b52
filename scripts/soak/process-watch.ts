/** Looks at a process from outside, as often as makes a trend: its memory and its descriptors. */
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Inspector } from "./inspector.ts";

const everyMs = 2_000;

export interface Sample {
  /** Since the first one. */
  atMs: number;
  /** Reachable in its heap. */
  liveMiB: number;
  /** As the kernel counts it, right after garbage was collected. */
  residentMiB: number;
  descriptors: number;
}

export class ProcessWatch {
  readonly samples: Sample[] = [];
  readonly #pid: number;
  readonly #inspector: Inspector;
  readonly #startedAt = performance.now();
  #stopped = false;

  private constructor(pid: number, inspector: Inspector) {
    this.#pid = pid;
    this.#inspector = inspector;
  }

  static async begin(pid: number, inspectorUrl: string): Promise<ProcessWatch> {
    const watch = new ProcessWatch(pid, await Inspector.connect(inspectorUrl));
    void watch.#run();
    return watch;
  }

  stop(): void {
    this.#stopped = true;
    this.#inspector.close();
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      const liveBytes = await this.#inspector.liveBytes();
      if (!this.#stopped) this.#look(liveBytes / 2 ** 20);
      await sleep(everyMs, undefined, { ref: false });
    }
  }

  #look(liveMiB: number): void {
    try {
      const [, kibibytes] =
        /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.#pid}/status`, "utf8")) ?? [];
      if (kibibytes === undefined) return;
      this.samples.push({
        atMs: performance.now() - this.#startedAt,
        liveMiB,
        residentMiB: Number(kibibytes) / 1024,
        descriptors: readdirSync(`/proc/${this.#pid}/fd`).length,
      });
    } catch {
      // It has just ended.
    }
  }
}
