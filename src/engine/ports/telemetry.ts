/** What the engine tells of itself while it works; the adapter counts it. */
export interface Telemetry {
  outcome(outcome: string): void;
  fault(code: string): void;
  phase(phase: "queued" | "acquire" | "run" | "total", ms: number): void;
  sandboxCreated(ms: number): void;
  acquired(hit: boolean): void;
  sessionEnded(reason: string): void;
}
