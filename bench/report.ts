/** The samples as text. Pure. */
import { percentile } from "../scripts/report/percentile.ts";
import { formatTable } from "../scripts/report/table.ts";
import type { Samples } from "./samples.ts";
import type { Sustained } from "./sustained.ts";

export const formatReport = (samples: Samples): string =>
  [
    formatLatencies(samples),
    formatPhases(samples),
    formatSustained(samples),
    formatVerdict(samples),
    caveats,
  ].join("\n\n");

const percents = [50, 95, 99];

/** Samples that were no hit would make a hit look slower or faster than it is. */
const hitsOf = (samples: Samples) => samples.hits.filter(({ wasHit }) => wasHit);
const hitMs = (samples: Samples) => hitsOf(samples).map(({ clientMs }) => clientMs);

const formatLatencies = (samples: Samples): string => {
  const floor = percentile(samples.barePythonMs, 50);
  const toRow = (label: string, ms: readonly number[]) => [
    label,
    String(ms.length),
    ...percents.map((percent) => format(percentile(ms, percent))),
    `${format(percentile(ms, 50) / floor, 2)}`,
  ];
  return formatTable([
    ["print(1), one at a time", "n", "p50 ms", "p95 ms", "p99 ms", "× floor"],
    toRow("(a) bare python3 -I on the host: the floor", samples.barePythonMs),
    toRow("(b) Cloche over HTTP, pool hit", hitMs(samples)),
    toRow("(c) Cloche over HTTP, pool miss", samples.missMs),
    toRow("(d) docker run --rm --network none", samples.dockerRunMs),
  ]);
};

const formatPhases = (samples: Samples): string => {
  const hits = hitsOf(samples);
  const toRow = (label: string, ms: readonly number[]) => [
    label,
    ...percents.map((percent) => format(percentile(ms, percent))),
  ];
  return formatTable([
    [`(b) by phase, ${hits.length} of ${samples.hits.length} were hits`, "p50 ms", "p95 ms", "p99 ms"],
    toRow(
      "queued: waiting for admission",
      hits.map(({ timings }) => timings.queuedMs),
    ),
    toRow(
      "acquire: taking a sandbox, with its ping",
      hits.map(({ timings }) => timings.acquireMs),
    ),
    toRow(
      "run: action there, end and evidence back",
      hits.map(({ timings }) => timings.runMs),
    ),
    toRow(
      "total: what the service counts",
      hits.map(({ timings }) => timings.totalMs),
    ),
    toRow(
      "HTTP, checks and store: client less total",
      hits.map(({ clientMs, timings }) => clientMs - timings.totalMs),
    ),
  ]);
};

const formatSustained = (samples: Samples): string => {
  const toRow = (label: string, blocks: readonly Sustained[]) => {
    const jobMs = blocks.flatMap((block) => block.jobMs);
    return [
      label,
      String(jobMs.length),
      format(rateOf(blocks)),
      format(percentile(jobMs, 50), 0),
      format(percentile(jobMs, 95), 0),
      format(rateOf(blocks) / rateOf(samples.rawSustained), 2),
    ];
  };
  return formatTable([
    ["8 at a time", "n", "per s", "p50 ms", "p95 ms", "× floor"],
    toRow("(e) Cloche over HTTP, print(1)", samples.clocheSustained),
    toRow("floor: engine creates, starts, removes its container", samples.rawSustained),
  ]);
};

const rateOf = (blocks: readonly Sustained[]): number =>
  blocks.reduce((sum, { jobMs }) => sum + jobMs.length, 0) /
  (blocks.reduce((sum, { wallMs }) => sum + wallMs, 0) / 1000);

const formatVerdict = (samples: Samples): string => {
  const floor = percentile(samples.barePythonMs, 50);
  const hit = percentile(hitMs(samples), 50);
  const figures = `(b) p50 ${format(hit)} ms, (a) p50 ${format(floor)} ms`;
  if (Number.isNaN(floor))
    return `Target, pool hit p50 at or below the floor's: UNKNOWN, no floor; ${figures}`;
  return `Target, pool hit p50 at or below the floor's: ${hit <= floor ? "PASS" : "MISS"}: ${figures}`;
};

const caveats = `What this compares, and what it does not:
- (a) starts an interpreter and ends it, without isolation. (b) finds one started ahead of time in a locked
  container; the price of that is paid before and after, not in (b): see (c) and (e).
- (b) is paced: one request at a time, each on a full pool while nothing is created. Under load see (e).
- (a) is the fastest Python of this host, (b) to (e) use the image's: versions differ, see above.
- (b), (c), (e): the service is a process of its own; the client's clock covers one keep-alive HTTP request on
  loopback with its JSON, checks, API key and the stored execution.
- (d) has Docker's default isolation, which is less than Cloche's, and includes the removal, as docker run does.
- (e) starts on a full pool, so its first few are hits; Cloche bounds its parallel creates, its floor does not,
  and its floor runs no code.
- All of it shares this machine with whatever else runs on it: compare rows of one run, never of two.`;

const format = (value: number, digits = 1): string => (Number.isNaN(value) ? "-" : value.toFixed(digits));
