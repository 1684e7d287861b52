/** Whether figures over time stay where they are. Pure. */
import type { Sample } from "./process-watch.ts";

export interface Trend {
  start: number;
  end: number;
  /** What the fitted line gains from the first judged sample to the last; NaN with too few to judge. */
  growth: number;
  flat: boolean;
}

/** What a process does while it warms up, caches and code, says nothing of what it does for ever. */
const warmUpMs = 45_000;
/** On less than this a line can't be told from noise. */
const leastMs = 45_000;

/**
 * A straight line is fitted to the samples after the warm-up (least squares). Flat: over these samples it gains no more
 * than `allowed`. A life that is too short to judge is called flat, with NaN for its growth.
 */
export function trendOf(samples: readonly Sample[], field: keyof Sample, allowed: number): Trend {
  const start = samples[0]?.[field] ?? Number.NaN;
  const end = samples.at(-1)?.[field] ?? Number.NaN;
  const judged = samples.filter(({ atMs }) => atMs >= warmUpMs);
  const span = (judged.at(-1)?.atMs ?? 0) - (judged[0]?.atMs ?? 0);
  if (span < leastMs) return { start, end, growth: Number.NaN, flat: true };
  const growth = slopeOf(judged.map((sample) => [sample.atMs, sample[field]])) * span;
  return { start, end, growth, flat: growth <= allowed };
}

const slopeOf = (points: readonly (readonly [number, number])[]): number => {
  const meanX = points.reduce((sum, [x]) => sum + x, 0) / points.length;
  const meanY = points.reduce((sum, [, y]) => sum + y, 0) / points.length;
  const covariance = points.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0);
  return covariance / points.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0);
};
