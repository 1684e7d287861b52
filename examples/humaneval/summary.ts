/** The results as a table: the canonical run, the broken run, and each way of breaking by itself. Pure. */
import { percentile } from "../../scripts/report/percentile.ts";
import { formatTable } from "../../scripts/report/table.ts";
import type { Result, RunResults } from "./run-cases.ts";
import { waysToBreak } from "./ways-to-break.ts";

const head = [
  "kind",
  "runs",
  "outcomes",
  "as expected",
  "wall s",
  "runs/s",
  "run p50 / p95 ms",
  "total p50 / p95 ms",
];

export const summarize = (canonical: RunResults, broken: RunResults): string => {
  return formatTable([
    head,
    toRow("canonical", canonical.results, canonical.wallMs),
    toRow("broken", broken.results, broken.wallMs),
    ...waysToBreak.map(({ name }) => toRow(`  ${name}`, ofKind(broken.results, name))),
  ]);
};

const ofKind = (results: readonly Result[], kind: string) =>
  results.filter((result) => result.case.kind === kind);

/** Without a wall time the runs were mixed with others, and a rate of their own would mean nothing. */
const toRow = (kind: string, results: readonly Result[], wallMs?: number): string[] => [
  kind,
  String(results.length),
  countOutcomes(results),
  describeExpected(results),
  wallMs === undefined ? "" : (wallMs / 1000).toFixed(1),
  wallMs === undefined ? "" : (results.length / (wallMs / 1000)).toFixed(1),
  describeTimes(results.flatMap(({ timings }) => timings?.runMs ?? [])),
  describeTimes(results.flatMap(({ timings }) => timings?.totalMs ?? [])),
];

const countOutcomes = (results: readonly Result[]): string =>
  [...Map.groupBy(results, ({ outcome }) => outcome)]
    .map(([outcome, { length }]) => `${length} ${outcome}`)
    .join(", ");

const describeExpected = (results: readonly Result[]): string => {
  const wrong = results.filter(({ asExpected }) => !asExpected).length;
  return wrong === 0 ? "yes" : `NO: ${wrong} not`;
};

const describeTimes = (ms: readonly number[]): string =>
  ms.length === 0 ? "-" : [50, 95].map((percent) => percentile(ms, percent).toFixed(1)).join(" / ");
