/** Runs the corpus in a real sandbox without system call filters and tells which calls its cells made. */
import type Docker from "dockerode";
import type { Image } from "../../src/domain/image.ts";
import type { RunReport } from "../../src/engine/ports/runtime.ts";
import { type CorpusProgram, loadCorpus, type Part } from "./corpus.ts";
import { exitOf, inSandbox } from "./sandbox.ts";
import { Trace } from "./strace.ts";
import type { Calls } from "./strace-output.ts";

export interface TracedPart {
  part: Part;
  calls: Calls;
  programs: number;
  ms: number;
}

/** Throws where a program of the corpus does not end as it should: its trace would not be whole. */
export const tracePart = async (docker: Docker, image: Image, part: Part): Promise<TracedPart> => {
  const begun = performance.now();
  const programs = loadCorpus(part).filter(({ needs }) => needs === undefined || needs in image.packages);
  const calls = await inSandbox({ docker, image, under: "unconfined" }, async ({ containerId, run }) => {
    const attached = await Trace.attach(await pidsOf(docker, containerId));
    for (const program of programs) {
      assertEnd(program, await run(program.source, part === "session" ? "cell" : "script"));
    }
    // The launcher makes the next cell ahead of time: this needs none, and it comes after.
    await run("pass", "cell");
    while (!attached.isSettled(await pidsOf(docker, containerId)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    return await attached.end();
  });
  return { part, calls, programs: programs.length, ms: performance.now() - begun };
};

/** The launcher's first. */
const pidsOf = async (docker: Docker, containerId: string): Promise<number[]> => {
  const container = docker.getContainer(containerId);
  const { State } = await container.inspect();
  const { Titles, Processes } = await container.top({ ps_args: "-eo pid" });
  const column = Titles.indexOf("PID");
  const others = Processes.map((row: string[]) => Number(row[column])).filter(
    (pid: number) => pid !== State.Pid,
  );
  return [State.Pid, ...others];
};

const assertEnd = ({ part, name, ends }: CorpusProgram, report: RunReport): void => {
  const how = exitOf(report);
  if (how === ends) return;
  const said = Buffer.concat([report.stdout, report.stderr]).toString().slice(-2000);
  throw new Error(`corpus/${part}/${name} ended with ${how} instead of ${ends}:\n${said}`);
};
