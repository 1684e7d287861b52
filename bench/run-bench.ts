/** Latency side by side and throughput over its floor, in one run on one machine. */
import type Docker from "dockerode";
import { createProgress } from "../scripts/report/progress-bar.ts";
import { connectDocker } from "../src/docker/container/connect-docker.ts";
import { DockerRuntime } from "../src/docker/docker-runtime.ts";
import type { Image } from "../src/domain/image.ts";
import { systemClock } from "../src/system-clock.ts";
import { describeEnvironment, describeLoad } from "./environment.ts";
import { findFastestInterpreter } from "./interpreters.ts";
import { waitUntilQuiet } from "./pool-watch.ts";
import { prepareRawContainer } from "./raw-container.ts";
import { formatReport } from "./report.ts";
import { executeOk, runRounds, type Subjects } from "./rounds.ts";
import type { Samples } from "./samples.ts";
import { startServiceProcess } from "./service-process.ts";
import { type Sustained, sustain } from "./sustained.ts";

export interface BenchResult {
  at: string;
  environment: Record<string, string>;
  loadBefore: string;
  loadAfter: string;
  samples: Samples;
}

const sustainedLoad = { total: 60, clients: 8 };

interface Options {
  /** What the services are configured by. */
  environment: NodeJS.ProcessEnv;
  rounds: number;
  signal: AbortSignal;
}

/** Prints as it goes; resolves with everything that was measured. */
export async function runBench({ environment, rounds, signal }: Options): Promise<BenchResult> {
  const { DOCKER_HOST } = environment;
  const docker = connectDocker(DOCKER_HOST);
  const image = await findImage(docker);
  const interpreter = await findFastestInterpreter();
  const described = await describeEnvironment(docker, image, interpreter);
  const loadBefore = describeLoad();
  for (const [what, value] of Object.entries(described)) console.log(`${`${what}:`.padEnd(9)}${value}`);
  console.log(`load:    ${loadBefore} at the start\n`);

  await using warm = await startServiceProcess(environment);
  await using cold = await startServiceProcess({ ...environment, CLOCHE_POOL_TARGET: "0" });
  const subjects = { interpreter, warm: warm.client, cold: cold.client, docker, image: image.digest };
  const latency = await withProgress("latency   ", rounds, (tick) =>
    runRounds(subjects, { rounds, signal, onRound: tick }),
  );
  const throughput = await measureThroughput(subjects, image, signal);
  const samples = { ...latency, ...throughput };

  const loadAfter = describeLoad();
  console.log(`\n${formatReport(samples)}\n\nload: ${loadBefore} at the start, ${loadAfter} at the end`);
  return { at: new Date().toISOString(), environment: described, loadBefore, loadAfter, samples };
}

/** Floor, Cloche, Cloche, floor: a machine that gets slower meanwhile slows both. */
async function measureThroughput({ warm, cold, docker }: Subjects, image: Image, signal: AbortSignal) {
  const raw = await prepareRawContainer(docker, image);
  const cloche = () => executeOk(warm);
  const clocheSustained: Sustained[] = [];
  const rawSustained: Sustained[] = [];
  const measure = async (job: () => Promise<unknown>, into: Sustained[], tick: () => void) => {
    await waitUntilQuiet(warm, cold);
    into.push(await sustain(job, { ...sustainedLoad, signal, onDone: tick }));
  };
  await withProgress("throughput", 4 * sustainedLoad.total, async (tick) => {
    await measure(raw, rawSustained, tick);
    await measure(cloche, clocheSustained, tick);
    await measure(cloche, clocheSustained, tick);
    await measure(raw, rawSustained, tick);
  });
  return { clocheSustained, rawSustained };
}

async function withProgress<T>(
  label: string,
  total: number,
  work: (tick: () => void) => Promise<T>,
): Promise<T> {
  const progress = createProgress(label, total);
  try {
    return await work(progress.tick);
  } finally {
    progress.end();
  }
}

export async function findImage(docker: Docker): Promise<Image> {
  const runtime = new DockerRuntime({
    docker,
    instance: "bench",
    policiesFolder: "",
    orphanMs: 0,
    clock: systemClock,
  });
  const image = (await runtime.images()).find(({ name }) => name === "python");
  if (image === undefined) throw new Error("the image python is not built; run: npm run images -- python");
  return image;
}
