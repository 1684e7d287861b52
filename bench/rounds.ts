/** One sample of everything in each round, in an order that turns, with quiet before each. */
import type Docker from "dockerode";
import type { ClocheClient, TimedExecution } from "./cloche-client.ts";
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

interface Options {
  rounds: number;
  signal: AbortSignal;
  onRound(): void;
}

export async function runRounds(
  subjects: Subjects,
  { rounds, signal, onRound }: Options,
): Promise<Latencies> {
  const { warm, cold } = subjects;
  const latencies: Latencies = { barePythonMs: [], hits: [], missMs: [], dockerRunMs: [] };
  const steps = toSteps(subjects, latencies);
  for (const step of steps) await step();
  // The first round warmed caches and connections; it does not count.
  for (const samples of Object.values(latencies)) samples.length = 0;

  for (let round = 0; round < rounds; round += 1) {
    // By chance, so that no step always comes after the same one and pays for what that leaves behind.
    for (const step of shuffle(steps)) {
      signal.throwIfAborted();
      await waitUntilQuiet(warm, cold);
      await step();
    }
    onRound();
  }
  return latencies;
}

const shuffle = <T>(items: readonly T[]): T[] =>
  items
    .map((item) => ({ item, key: Math.random() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);

const toSteps = ({ interpreter, warm, cold, docker, image }: Subjects, into: Latencies) => {
  const timeHit = createHitTimer(warm);
  return [
    async () => {
      if (interpreter) into.barePythonMs.push(await timeBarePython(interpreter));
    },
    async () => {
      into.hits.push(await timeHit());
    },
    async () => {
      into.missMs.push((await executeOk(cold)).clientMs);
    },
    async () => {
      into.dockerRunMs.push(await timeDockerRun(docker, image));
    },
  ];
};

/** Asks for the count after the timed request only: a request right before it would warm the service up for it. */
const createHitTimer = (client: ClocheClient): (() => Promise<Hit>) => {
  let hitsBefore = 0;
  return async () => {
    const { clientMs, execution } = await executeOk(client);
    const hits = await countHits(client);
    const wasHit = hits === hitsBefore + 1;
    hitsBefore = hits;
    return { clientMs, timings: execution.timings, wasHit };
  };
};

/** Throws when the service does not answer with what print(1) prints. */
export async function executeOk(client: ClocheClient): Promise<TimedExecution> {
  const timed = await client.execute(printOne);
  const { outcome, stdout } = timed.execution.observation;
  if (outcome !== "ok" || stdout !== "1\n")
    throw new Error(`print(1): ${outcome}, ${JSON.stringify(stdout)}`);
  return timed;
}
