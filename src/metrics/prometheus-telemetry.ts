import { Counter, Gauge, Histogram, Registry } from "prom-client";
import { outcomes } from "../domain/outcome.ts";
import type { PoolStatus } from "../engine/ports/pool-status.ts";
import type { Telemetry } from "../engine/ports/telemetry.ts";

/** What the gauges show, read at each scrape. */
export interface Levels {
  running: number;
  queued: number;
  sessions: number;
  pools: Pick<PoolStatus, "image" | "policy" | "warm" | "creating" | "waiting">[];
}

const seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

/** The engine's telemetry as Prometheus metrics. Labels have few values; no id is ever one. */
export class PrometheusTelemetry implements Telemetry {
  readonly #registry = new Registry();
  readonly #outcomes = this.#counter("cloche_executions_total", "Executions by outcome", ["outcome"]);
  readonly #faults = this.#counter("cloche_faults_total", "Executions that the service failed", ["code"]);
  readonly #acquired = this.#counter("cloche_pool_acquires_total", "Sandboxes taken", ["result"]);
  readonly #sessionsEnded = this.#counter("cloche_sessions_ended_total", "Sessions by their end", ["reason"]);
  readonly #phases = this.#histogram("cloche_phase_seconds", "Time of an execution by phase", ["phase"]);
  readonly #created = this.#histogram("cloche_sandbox_create_seconds", "Time to make a sandbox ready", []);

  constructor(levels: () => Levels) {
    for (const outcome of Object.keys(outcomes)) this.#outcomes.inc({ outcome }, 0);
    for (const result of ["hit", "miss"]) this.#acquired.inc({ result }, 0);
    this.#gauge("cloche_executions_running", "Executions that run", [], (gauge) => {
      gauge.set(levels().running);
    });
    this.#gauge("cloche_executions_queued", "Executions that wait for admission", [], (gauge) => {
      gauge.set(levels().queued);
    });
    this.#gauge("cloche_sessions", "Sessions that live", [], (gauge) => {
      gauge.set(levels().sessions);
    });
    this.#gauge("cloche_pool_sandboxes", "Sandboxes by pool", ["image", "policy", "state"], (gauge) => {
      gauge.reset();
      for (const { image, policy, warm, creating, waiting } of levels().pools) {
        gauge.set({ image, policy, state: "warm" }, warm);
        gauge.set({ image, policy, state: "creating" }, creating);
        gauge.set({ image, policy, state: "waited_for" }, waiting);
      }
    });
  }

  outcome(outcome: string): void {
    this.#outcomes.inc({ outcome });
  }

  fault(code: string): void {
    this.#faults.inc({ code });
  }

  phase(phase: string, ms: number): void {
    this.#phases.observe({ phase }, ms / 1000);
  }

  sessionEnded(reason: string): void {
    this.#sessionsEnded.inc({ reason });
  }

  sandboxCreated(ms: number): void {
    this.#created.observe(ms / 1000);
  }

  acquired(hit: boolean): void {
    this.#acquired.inc({ result: hit ? "hit" : "miss" });
  }

  /** The metrics in Prometheus' text format. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #counter<Label extends string>(name: string, help: string, labelNames: Label[]): Counter<Label> {
    return new Counter({ name, help, labelNames, registers: [this.#registry] });
  }

  #histogram<Label extends string>(name: string, help: string, labelNames: Label[]): Histogram<Label> {
    return new Histogram({ name, help, labelNames, buckets: seconds, registers: [this.#registry] });
  }

  #gauge<Label extends string>(
    name: string,
    help: string,
    labelNames: Label[],
    read: (gauge: Gauge<Label>) => void,
  ): void {
    new Gauge<Label>({
      name,
      help,
      labelNames,
      registers: [this.#registry],
      collect() {
        read(this);
      },
    });
  }
}
