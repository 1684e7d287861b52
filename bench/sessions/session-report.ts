/** The samples as text. Pure. */
import { percentile } from "../../scripts/report/percentile.ts";
import { formatTable } from "../../scripts/report/table.ts";
import type { IdleSample } from "./idle-sessions.ts";
import type { StepSamples } from "./step-rounds.ts";

export interface SessionSamples {
  /** The first one is the floor. */
  steps: StepSamples[];
  idle: IdleSample[];
}

export const formatSessionReport = ({ steps, idle }: SessionSamples): string =>
  [formatSteps(steps), formatIdle(idle), caveats].join("\n\n");

const formatSteps = (steps: readonly StepSamples[]): string => {
  const floor = percentile(steps[0]?.alone ?? [], 50);
  const rows = steps.flatMap(({ name, alone, besideSpinner }) =>
    (
      [
        [name, alone],
        ["  while its neighbour spins", besideSpinner],
      ] as const
    ).map(([label, ms]) => [
      label,
      String(ms.length),
      format(percentile(ms, 50), 2),
      format(percentile(ms, 95), 2),
      format(percentile(ms, 50) / floor),
      format(percentile(ms, 50) / percentile(alone, 50)),
    ]),
  );
  return formatTable([
    ["print(1) in a live session", "n", "p50 ms", "p95 ms", "× floor", "× alone"],
    ...rows,
  ]);
};

const formatIdle = (idle: readonly IdleSample[]): string => {
  const rows = idle.map((sample) => [
    `${sample.sessions} open sessions: ${sample.name}`,
    ...[50, 95].map((percent) => format(percentile(sample.createMs, percent))),
    ...[50, 95].map((percent) => format(percentile(sample.stepMs, percent))),
    toMiB(percentile(sample.processBytes, 50)),
    toMiB(percentile(sample.groupBytes, 50)),
    toMiB(sample.serverBytes ?? Number.NaN),
    toMiB(sample.machineBytes),
  ]);
  const head = [
    "create p50 ms",
    "p95 ms",
    "step p50 ms",
    "p95 ms",
    "PSS MiB",
    "cgroup MiB",
    "server MiB",
    "host MiB",
  ];
  return formatTable([["", ...head], ...rows]);
};

const caveats = `What this compares, and what it does not:
- OpenEnv runs the code in its server's own process, with an interpreter of Python written in Python: no process, no
  isolation, a subset of the language. Cloche's step crosses HTTP, a container and a real interpreter, and is stored.
- OpenEnv's environment is put together from its packages on the index (sessions/openenv/coding_server.py says how), with
  several sessions allowed, which the original refuses.
- The neighbour: of the floor, another bare interpreter; of Cloche, a session on a core of its own and one on the same
  core; of OpenEnv, another session of the same server.
- Memory is for one session: PSS of launcher and interpreter (p50 of all), its control group (with tmpfs and kernel
  memory), what the server's own process gained, and by how much the whole machine had less, engine and kernel included.
- All of it shares this machine with whatever else runs on it: compare rows of one run, never of two.`;

const toMiB = (bytes: number): string => format(bytes / 2 ** 20, 2);

const format = (value: number, digits = 1): string => (Number.isNaN(value) ? "-" : value.toFixed(digits));
