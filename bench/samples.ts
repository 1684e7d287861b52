/** What a run of the bench measured, raw; the report and the JSON file are made of it. */
import type { Timings } from "../src/domain/execution.ts";
import type { Sustained } from "./sustained.ts";

export interface Hit {
  clientMs: number;
  timings: Timings;
  /** Whether the service's own count of pool hits rose with it. */
  wasHit: boolean;
}

export interface Samples {
  /** Empty where the host has no Python. */
  barePythonMs: number[];
  hits: Hit[];
  missMs: number[];
  dockerRunMs: number[];
  clocheSustained: Sustained[];
  rawSustained: Sustained[];
}
