/** One sample of everything in each round, in an order that turns, with quiet before each. */
import type Docker from "dockerode";
import type { Progress } from "../scripts/report/progress-bar.ts";
import type { ClocheClient } from "./cloche-client.ts";
import { timeDockerRun } from "./docker-run.ts";
import { type Interpreter, timeBarePython } from "./interpreters.ts";
import { countHits, waitUntilQuiet } from "./pool-watch.ts";
import type { Hit, Samples } from "./samples.ts";

export interface Subjects {
  interpreter: Interpreter | undefined;
  /** A service with a warm pool. */
  warm: ClocheClient;
  /** A service that keeps nothing warm. */
  cold: ClocheClient;
  docker: Docker;
  image: string;
}

type Latencies = Pick<Samples, "barePythonMs" | "hits" | "missMs" | "dockerRunMs">;

const printOne = "print(1)";

export async function runRounds(subjects: Subjects, rounds: number, progress: Progress): Promise<Latencies> {
  const latencies: Latencies = { barePythonMs: [], hits: [], missMs: [], dockerRunMs: [] };
  const steps = toSteps(subjects, latencies);
  for (const step of steps) await step();
  // The first round warmed caches and connections; it does not count.
  for (const samples of Object.values(latencies)) samples.length = 0;

  for (let round = 0; round < rounds; round += 1) {
    for (let turn = 0; turn < steps.length; turn += 1) {
      await waitUntilQuiet(subjects.warm, subjects.cold);
      await steps[(round + turn) % steps.length]?.();
    }
    progress.tick();
  }
  return latencies;
}

const toSteps = ({ interpreter, warm, cold, docker, image }: Subjects, into: Latencies) => [
  async () => {
    if (interpreter) into.barePythonMs.push(await timeBarePython(interpreter));
  },
  async () => {
    into.hits.push(await timeHit(warm));
  },
  async () => {
    into.missMs.push((await executeOk(cold)).clientMs);
  },
  async () => {
    into.dockerRunMs.push(await timeDockerRun(docker, image));
  },
];

async function timeHit(client: ClocheClient): Promise<Hit> {
  const hitsBefore = await countHits(client);
  const { clientMs, execution } = await executeOk(client);
  return { clientMs, timings: execution.timings, wasHit: (await countHits(client)) === hitsBefore + 1 };
}

/** Throws when the service does not answer with what print(1) prints. */
export async function executeOk(client: ClocheClient) {
  const timed = await client.execute(printOne);
  const { outcome, stdout } = timed.execution.observation;
  if (outcome !== "ok" || stdout !== "1\n")
    throw new Error(`print(1): ${outcome}, ${JSON.stringify(stdout)}`);
  return timed;
}
