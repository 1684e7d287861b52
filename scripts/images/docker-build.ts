/** One `docker build` through the engine's API, with the network off and nothing left behind. */
import type Docker from "dockerode";
import { buildContext, type ContextPart } from "./build-context.ts";
import { readBuildEvents } from "./build-events.ts";
import { lastLines } from "./run-command.ts";

export interface BuildRequest {
  tag: string;
  dockerfile: string;
  base: string;
  labels: Record<string, string>;
  context: readonly ContextPart[];
}

/** Follows the classic builder's text: which step is running, and which layers of no further use it made. */
class BuildTranscript {
  text = "";
  step = "reading the context";
  readonly stepIds: string[] = [];

  add(text: string): void {
    this.text += text;
    for (const line of text.split("\n")) {
      if (/^Step \d+\/\d+ : /.test(line)) this.step = line;
      const id = /^ ---> ([0-9a-f]{12})$/.exec(line)?.[1];
      if (id !== undefined && !/ : FROM /.test(this.step)) this.stepIds.push(id);
    }
  }
}

/** Removes the images of earlier stages. Tagged ones stay, and so do those that others build on. */
async function removeStages(docker: Docker, ids: readonly string[]): Promise<void> {
  for (const id of ids.toReversed()) {
    const image = docker.getImage(id);
    try {
      const { RepoTags } = await image.inspect();
      if (RepoTags === null || RepoTags === undefined || RepoTags.length === 0) await image.remove();
    } catch {
      // Already gone with its parent, or part of the finished image: both are as it should be.
    }
  }
}

/** Builds and tags an image. Throws with the failing step and the last lines of its output. */
export async function dockerBuild(docker: Docker, request: BuildRequest): Promise<void> {
  const transcript = new BuildTranscript();
  const context = buildContext(request.context);
  const contextFailed = new Promise<never>((_, reject) => context.once("error", reject));
  try {
    const build = async () => {
      const events = await docker.buildImage(context, {
        t: request.tag,
        dockerfile: request.dockerfile,
        buildargs: { BASE: request.base },
        labels: request.labels,
        networkmode: "none",
        rm: true,
        forcerm: true,
      });
      await readBuildEvents(events, (text) => transcript.add(text));
    };
    await Promise.race([build(), contextFailed]);
  } catch (cause) {
    const where = `building ${request.tag} failed at "${transcript.step}"`;
    throw new Error(`${where}\n${lastLines(transcript.text)}`, { cause });
  } finally {
    await removeStages(docker, transcript.stepIds);
  }
}
