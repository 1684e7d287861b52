/** The soak as a table, and whether it was passed. Pure. */
import { percentile } from "../report/percentile.ts";
import { formatTable } from "../report/table.ts";
import type { Disturbance } from "./disturbances.ts";
import type { Sample } from "./process-watch.ts";
import type { Tally } from "./tally.ts";
import { trendOf } from "./trend.ts";
import type { Verdict } from "./verify.ts";

export interface SoakResult {
  minutes: number;
  tally: Tally;
  verdict: Verdict;
  disturbances: Disturbance[];
  /** Of each process of the service. */
  lives: Sample[][];
  containersLeft: number;
  exitCode: number | null;
}

/** What the fitted line may gain: noise, and no more. */
const allowed = { liveMiB: 4, residentMiB: 24, descriptors: 4 } as const;
const fields = ["liveMiB", "residentMiB", "descriptors"] as const;
const nameOf = {
  liveMiB: "live heap, MiB",
  residentMiB: "resident, MiB",
  descriptors: "descriptors",
} as const;

export const formatSoak = (result: SoakResult): { text: string; passed: boolean } => {
  const { tally, verdict, lives, containersLeft, exitCode } = result;
  const zeros: [string, number][] = [
    ["lost", verdict.lost.length],
    ["wrong", tally.wrong.length],
    ["containers left", containersLeft],
  ];
  const flat = lives.every((samples) =>
    fields.every((field) => trendOf(samples, field, allowed[field]).flat),
  );
  const passed = zeros.every(([, count]) => count === 0) && flat && exitCode === 0;
  const summary = formatTable([
    ["soak", "", ""],
    ["minutes", result.minutes.toFixed(1), ""],
    ["accepted", String(verdict.accepted), ""],
    ["answered", String(verdict.answered), ""],
    ...zeros.map(([name, count]) => [name, String(count), count === 0 ? "ok" : "MUST BE 0"]),
    ["exit code of the service", String(exitCode), exitCode === 0 ? "ok" : "MUST BE 0"],
    ...result.disturbances.map(({ what, backAfterMs }) => [
      what,
      `${(backAfterMs / 1000).toFixed(1)} s`,
      "until ready",
    ]),
  ]);
  const parts = [
    summary,
    formatLives(lives),
    formatLatencies(tally),
    formatCounts(tally),
    ...[...tally.wrong, ...verdict.lost.map((id) => `lost: ${id}`)]
      .slice(0, 40)
      .map((line) => `WRONG ${line}`),
    passed ? "The soak is passed." : "The soak is NOT passed.",
  ];
  return { text: parts.join("\n\n"), passed };
};

const formatLives = (lives: Sample[][]): string => {
  const rows = lives.flatMap((samples, life) =>
    fields.map((field) => {
      const { start, end, growth, flat } = trendOf(samples, field, allowed[field]);
      const verdict = Number.isNaN(growth) ? "too short to judge" : flat ? "flat" : "NOT FLAT";
      const seconds = ((samples.at(-1)?.atMs ?? 0) / 1000).toFixed(0);
      const gained = Number.isNaN(growth) ? "-" : growth.toFixed(1);
      return [
        `process ${life + 1}, ${nameOf[field]}`,
        seconds,
        start.toFixed(0),
        end.toFixed(0),
        gained,
        verdict,
      ];
    }),
  );
  const how =
    "after a collection of garbage each; growth: of a straight line fitted to the samples from 45 s on, over their span; " +
    `flat up to ${fields.map((field) => `${allowed[field]} (${nameOf[field].split(",")[0]})`).join(", ")}`;
  return `${formatTable([["of the service", "s", "start", "end", "growth", ""], ...rows])}\n(${how})`;
};

const formatLatencies = ({ latencies }: Tally): string => {
  const rows = [...latencies].map(([kind, ms]) => [
    kind,
    String(ms.length),
    ...[50, 95].map((percent) => percentile(ms, percent).toFixed(1)),
  ]);
  const how = "under load, waited for in one request; while the service was disturbed they are left out";
  return `${formatTable([["latency", "n", "p50 ms", "p95 ms"], ...rows])}\n(${how})`;
};

const formatCounts = ({ counts, retries }: Tally): string => {
  const toRows = (map: ReadonlyMap<string, number>) =>
    [...map].toSorted(([a], [b]) => a.localeCompare(b)).map(([what, count]) => [what, String(count)]);
  const work = formatTable([["done", "n"], ...toRows(counts)]);
  const again = formatTable([["tried again because of", "n"], ...toRows(retries)]);
  return `${work}\n\n${again}`;
};
