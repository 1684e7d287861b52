/** What takes a step, each with a neighbour that can be made to spin. */
import type Docker from "dockerode";
import { labels } from "../../src/docker/container/labels.ts";
import type { ClocheClient } from "../cloche-client.ts";
import type { Interpreter } from "../interpreters.ts";
import { ClocheSession } from "./cloche-session.ts";
import { OpenEnvSession } from "./openenv/session.ts";
import { PipeInterpreter } from "./pipe-interpreter.ts";

export interface Subject {
  name: string;
  step(code: string): Promise<string>;
  /** The neighbour takes all the CPU that it can get until the returned function has resolved. */
  spin(): Promise<() => Promise<void>>;
  close(): Promise<void>;
}

/** Beside it a second interpreter: what a busy core alone costs on this machine. */
export function floorSubject(interpreter: Interpreter): Subject {
  const session = new PipeInterpreter(interpreter);
  return {
    name: "floor: bare Python, code over a pipe",
    step: (code) => session.step(code),
    spin: async () => {
      const neighbour = new PipeInterpreter(interpreter);
      neighbour.step("while True: pass").catch(() => {});
      return async () => neighbour.close();
    },
    close: async () => session.close(),
  };
}

/**
 * Cloche pins a sandbox to a core. The neighbour is one with a core of its own, and, where `sameCore`, one with the core
 * of the session that is measured: the worst that can happen on a host with more sandboxes than cores.
 */
export async function clocheSubject(
  client: ClocheClient,
  docker: Docker,
  { sameCore }: { sameCore: boolean },
): Promise<Subject> {
  const session = await ClocheSession.open(client);
  const core = await coreOf(docker, session);
  const spare: ClocheSession[] = [];
  let neighbour = await ClocheSession.open(client);
  while (((await coreOf(docker, neighbour)) === core) !== sameCore) {
    spare.push(neighbour);
    if (spare.length > 16) throw new Error("no second session got the core that was wanted");
    neighbour = await ClocheSession.open(client);
  }
  for (const one of spare) await one.close();
  return {
    name: `Cloche, neighbour on ${sameCore ? "the same" : "another"} core`,
    step: (code) => session.step(code),
    spin: async () => {
      await neighbour.begin("while True: pass");
      return () => neighbour.interrupt();
    },
    close: async () => {
      await session.close();
      await neighbour.close();
    },
  };
}

async function coreOf(docker: Docker, { sandboxId }: ClocheSession): Promise<string> {
  const filters = { label: [`${labels.sandbox}=${sandboxId}`] };
  const [container] = await docker.listContainers({ filters });
  if (!container) throw new Error(`no container of ${sandboxId}`);
  return (await docker.getContainer(container.Id).inspect()).HostConfig.CpusetCpus ?? "";
}

/** Its interpreter counts operations and ends a loop that has too many: the neighbour begins again and again. */
const longStep = "x = 0\nfor i in range(200000):\n    x += 1";

export async function openEnvSubject(port: number): Promise<Subject> {
  const session = await OpenEnvSession.open(port);
  const neighbour = await OpenEnvSession.open(port);
  return {
    name: "OpenEnv 0.10 coding environment",
    step: (code) => session.step(code),
    spin: async () => {
      let over = false;
      const spinning = (async () => {
        while (!over) await neighbour.step(longStep);
      })();
      return async () => {
        over = true;
        await spinning;
      };
    },
    close: async () => {
      session.close();
      neighbour.close();
    },
  };
}
