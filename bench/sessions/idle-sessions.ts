/** Many open sessions that do nothing: how long they take to be made, and what each holds. */
import type Docker from "dockerode";
import { labels } from "../../src/docker/container/labels.ts";
import type { ServiceProcess } from "../service-process.ts";
import { stopwatch } from "../stopwatch.ts";
import { ClocheSession } from "./cloche-session.ts";
import { availableBytes, groupOf, proportionalBytes } from "./memory.ts";
import type { OpenEnvServer } from "./openenv/server.ts";
import { OpenEnvSession } from "./openenv/session.ts";

export interface IdleSample {
  name: string;
  sessions: number;
  /** Of each session, in order. */
  createMs: number[];
  /** print(1) once in each, one after the other, with all of them open. */
  stepMs: number[];
  /** By what the whole machine has less, for each session. */
  machineBytes: number;
  /** Of each session's processes. */
  processBytes: number[];
  /** Of each session's control group: with its tmpfs and what the kernel holds for it. */
  groupBytes: number[];
  /** What the server itself gained, for each session. */
  serverBytes: number | undefined;
}

/** Made this many at a time: as the service makes containers. */
const atOnce = 2;

interface Options {
  sessions: number;
  signal: AbortSignal;
  tick(): void;
}

export async function openClocheSessions(
  { client, pid }: ServiceProcess,
  docker: Docker,
  options: Options,
): Promise<IdleSample> {
  const measured = await openAll(pid, options, () => ClocheSession.open(client));
  const { opened, ...sample } = measured;
  const groups = [];
  for (const { sandboxId } of opened) groups.push(groupOf(await pidOf(docker, sandboxId)));
  const known = groups.filter((group) => group !== undefined);
  const processBytes = known
    .map(({ pids }) => proportionalBytes(pids))
    .filter((bytes) => bytes !== undefined);
  for (const session of opened) await session.close();
  return { name: "Cloche", ...sample, processBytes, groupBytes: known.map(({ bytes }) => bytes) };
}

export async function openOpenEnvSessions(
  { port, pid }: OpenEnvServer,
  options: Options,
): Promise<IdleSample> {
  const { opened, ...sample } = await openAll(pid, options, () => OpenEnvSession.open(port));
  for (const session of opened) session.close();
  return { name: "OpenEnv 0.10 coding environment", ...sample, processBytes: [], groupBytes: [] };
}

async function openAll<Opened extends { step(code: string): Promise<string> }>(
  serverPid: number,
  { sessions, signal, tick }: Options,
  open: () => Promise<Opened>,
) {
  const opened: Opened[] = [];
  const createMs: number[] = [];
  const stepMs: number[] = [];
  const machineBefore = availableBytes();
  const serverBefore = proportionalBytes([serverPid]);
  let left = sessions;
  const work = async () => {
    for (; left > 0; tick()) {
      signal.throwIfAborted();
      left -= 1;
      const elapsed = stopwatch();
      opened.push(await open());
      createMs.push(elapsed());
    }
  };
  await Promise.all(Array.from({ length: atOnce }, work));
  // Each has run something, as a session in use has; what a first step costs more is not what is asked here.
  for (const session of opened) await session.step("print(0)");
  for (const session of opened) {
    const elapsed = stopwatch();
    await session.step("print(1)");
    stepMs.push(elapsed());
  }
  const serverAfter = proportionalBytes([serverPid]);
  const serverBytes =
    serverBefore === undefined || serverAfter === undefined
      ? undefined
      : (serverAfter - serverBefore) / sessions;
  return {
    sessions,
    opened,
    createMs,
    stepMs,
    serverBytes,
    machineBytes: (machineBefore - availableBytes()) / sessions,
  };
}

async function pidOf(docker: Docker, sandboxId: string): Promise<number> {
  const [container] = await docker.listContainers({ filters: { label: [`${labels.sandbox}=${sandboxId}`] } });
  if (!container) throw new Error(`no container of ${sandboxId}`);
  return (await docker.getContainer(container.Id).inspect()).State.Pid;
}
