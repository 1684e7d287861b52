/** Mixed load over the public API while the service is killed and its engine restarted; then everything is checked. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { createProgress } from "../report/progress-bar.ts";
import { type Disturbance, disturb } from "./disturbances.ts";
import { GoodClient } from "./good-client.ts";
import { Random } from "./random.ts";
import { formatSoak } from "./report.ts";
import type { RestartEngine } from "./restart-engine.ts";
import type { World } from "./runner.ts";
import { badInput } from "./scenarios/bad-input.ts";
import { batch, goneCaller, oneShot } from "./scenarios/one-shots.ts";
import { sessionLife } from "./scenarios/session-life.ts";
import { ServiceLives } from "./service-lives.ts";
import { Tally } from "./tally.ts";
import { closeSessions, countContainers, verify } from "./verify.ts";

export interface SoakOptions {
  /** What the service is configured by. */
  environment: NodeJS.ProcessEnv;
  minutes: number;
  clients: number;
  seed: number;
  restartEngine: RestartEngine | undefined;
  signal: AbortSignal;
}

const scenarios: readonly (readonly [number, (world: World) => Promise<void>])[] = [
  [6, oneShot],
  [3, sessionLife],
  [1, goneCaller],
  [2, badInput],
  [1, batch],
];

/** Prints as it goes; returns whether all was as it has to be. */
export async function runSoak(options: SoakOptions): Promise<boolean> {
  const { environment, minutes, signal } = options;
  const stateDir = await mkdtemp(join(tmpdir(), "cloche-soak-"));
  const tally = new Tally();
  await using service = new ServiceLives(environment, stateDir);
  await service.start();
  const instance = await service.instance();
  const client = new GoodClient({ url: service.url, key: await service.key() }, tally, signal);

  const disturbances = await underLoad(options, service, client, tally);
  const abandoned = await closeSessions(client);
  if (abandoned > 0) console.log(`closed ${abandoned} sessions that their clients had given up`);
  const verdict = await verify(client, tally);
  const exitCode = await service.stop();
  const containersLeft = await countContainers(connectDocker(environment["DOCKER_HOST"]), instance);
  const lives = service.watches.map(({ samples }) => samples);
  const result = { minutes, tally, verdict, disturbances, lives, containersLeft, exitCode };
  const { text, passed } = formatSoak(result);
  console.log(`\n${text}`);
  await showLog(service.logFile);
  if (passed) await rm(stateDir, { recursive: true, force: true });
  else console.log(`The service's state and log are kept in ${stateDir}`);
  return passed;
}

/** Clients begin nothing any more when the time is over, and finish what they have begun. */
async function underLoad(
  { minutes, clients, seed, restartEngine, signal }: SoakOptions,
  service: ServiceLives,
  client: GoodClient,
  tally: Tally,
): Promise<Disturbance[]> {
  const totalMs = minutes * 60_000;
  const endAt = performance.now() + totalMs;
  const progress = createProgress("soak", Math.ceil(totalMs / 1000));
  const ticking = setInterval(() => progress.tick(), 1000);
  const log = (line: string) => console.log(`\n${line}`);
  const work = async (number: number) => {
    const random = new Random(seed * 1000 + number);
    const world: World = { client, tally, random, stop: signal };
    while (performance.now() < endAt) {
      const scenario = random.pick(scenarios);
      await scenario(world).catch((error: unknown) => {
        signal.throwIfAborted();
        tally.fail(`${scenario.name}: ${error instanceof Error ? error.message : error}`);
      });
      await sleep(random.between(0, 50), undefined, { signal });
    }
  };
  try {
    const working = Promise.all(Array.from({ length: clients }, (_, number) => work(number)));
    const [disturbances] = await Promise.all([
      disturb({ service, restartEngine, tally, totalMs, signal, log }),
      working,
    ]);
    return disturbances;
  } finally {
    clearInterval(ticking);
    progress.end();
  }
}

/** What the service itself found worth a warning, counted by what it says. */
async function showLog(logFile: string): Promise<void> {
  const counts = new Map<string, number>();
  for (const line of (await readFile(logFile, "utf8")).split("\n").filter(isOfTheService)) {
    const what = summaryOf(line);
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  if (counts.size > 0) console.log("\nThe service's log has warnings:");
  for (const [what, count] of counts) console.log(`  ${count} × ${what}`);
}

/** Node says on the same stream that it lets itself be inspected. */
const isOfTheService = (line: string): boolean => line !== "" && !/^(Debugger|For help, see)/.test(line);

const summaryOf = (line: string): string => {
  try {
    const { msg, err } = JSON.parse(line) as { msg?: string; err?: { message?: string } };
    return `${msg ?? ""}${err?.message ? `: ${err.message.replace(/[0-9a-f]{12,}/g, "…")}` : ""}`;
  } catch {
    return line.slice(0, 200);
  }
};
