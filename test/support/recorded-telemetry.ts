import type { Telemetry } from "../../src/engine/ports/telemetry.ts";

/** Keeps what it was told. */
export class RecordedTelemetry implements Telemetry {
  readonly outcomes: string[] = [];
  readonly faults: string[] = [];
  readonly sessionEnds: string[] = [];
  hits = 0;
  misses = 0;

  outcome(outcome: string): void {
    this.outcomes.push(outcome);
  }

  fault(code: string): void {
    this.faults.push(code);
  }

  phase(): void {}

  sandboxCreated(): void {}

  sessionEnded(reason: string): void {
    this.sessionEnds.push(reason);
  }

  acquired(hit: boolean): void {
    if (hit) this.hits += 1;
    else this.misses += 1;
  }
}
