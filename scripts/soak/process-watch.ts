/** Looks at a process from outside, as often as makes a trend: its memory and its descriptors. */
import { readdirSync, readFileSync } from "node:fs";

const everyMs = 1_000;

export interface Sample {
  /** Since the first one. */
  atMs: number;
  residentMiB: number;
  descriptors: number;
}

export class ProcessWatch {
  readonly pid: number;
  readonly samples: Sample[] = [];
  readonly #startedAt = performance.now();
  readonly #timer: NodeJS.Timeout;

  constructor(pid: number) {
    this.pid = pid;
    this.#look();
    this.#timer = setInterval(() => this.#look(), everyMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    try {
      const [, kibibytes] = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${this.pid}/status`, "utf8")) ?? [];
      if (kibibytes === undefined) return;
      this.samples.push({
        atMs: performance.now() - this.#startedAt,
        residentMiB: Number(kibibytes) / 1024,
        descriptors: readdirSync(`/proc/${this.pid}/fd`).length,
      });
    } catch {
      // It has just ended.
    }
  }
}
