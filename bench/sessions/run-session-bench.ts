/** Sessions: how fast a step is, alone and beside a busy neighbour, and what an idle one costs, side by side. */
import { createProgress } from "../../scripts/report/progress-bar.ts";
import { connectDocker } from "../../src/docker/container/connect-docker.ts";
import { describeEnvironment, describeLoad } from "../environment.ts";
import { findFastestInterpreter } from "../interpreters.ts";
import { findImage } from "../run-bench.ts";
import { startServiceProcess } from "../service-process.ts";
import { openClocheSessions, openOpenEnvSessions } from "./idle-sessions.ts";
import { startOpenEnv } from "./openenv/server.ts";
import { formatSessionReport, type SessionSamples } from "./session-report.ts";
import { runStepRounds } from "./step-rounds.ts";
import { clocheSubject, floorSubject, openEnvSubject } from "./subjects.ts";

export interface SessionBenchResult {
  at: string;
  environment: Record<string, string>;
  loadBefore: string;
  loadAfter: string;
  samples: SessionSamples;
}

interface Options {
  /** What the service is configured by. */
  environment: NodeJS.ProcessEnv;
  rounds: number;
  sessions: number;
  signal: AbortSignal;
}

/** Prints as it goes; resolves with everything that was measured. */
export async function runSessionBench(options: Options): Promise<SessionBenchResult> {
  const { environment, rounds, sessions, signal } = options;
  const docker = connectDocker(environment["DOCKER_HOST"]);
  const interpreter = await findFastestInterpreter();
  if (!interpreter) throw new Error("this bench needs Python 3 on the host, for its floor and for OpenEnv");
  const described = await describeEnvironment(docker, await findImage(docker), interpreter);
  const loadBefore = describeLoad();
  for (const [what, value] of Object.entries(described)) console.log(`${`${what}:`.padEnd(9)}${value}`);
  console.log(`load:    ${loadBefore} at the start\n`);

  await using openEnv = await startOpenEnv(environment);
  const settings = { CLOCHE_TENANT_SANDBOXES: "1000" };
  await using cloche = await startServiceProcess({ ...environment, ...settings });
  const subjects = [
    floorSubject(interpreter),
    await clocheSubject(cloche.client, docker, { sameCore: false }),
    await clocheSubject(cloche.client, docker, { sameCore: true }),
    await openEnvSubject(openEnv.port),
  ];
  const stepProgress = createProgress("steps", rounds);
  const steps = await runStepRounds(subjects, { rounds, signal, onRound: stepProgress.tick });
  stepProgress.end();
  for (const subject of subjects) await subject.close();

  const idleProgress = createProgress("idle ", 2 * sessions);
  const idleOptions = { sessions, signal, tick: idleProgress.tick };
  const idle = [
    await openClocheSessions(cloche, docker, idleOptions),
    await openOpenEnvSessions(openEnv, idleOptions),
  ];
  idleProgress.end();

  const samples = { steps, idle };
  const loadAfter = describeLoad();
  console.log(
    `\n${formatSessionReport(samples)}\n\nload: ${loadBefore} at the start, ${loadAfter} at the end`,
  );
  return { at: new Date().toISOString(), environment: described, loadBefore, loadAfter, samples };
}
