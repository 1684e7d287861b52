/** The base image from a registry, for whoever reaches one. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { readBuildEvents } from "./build-events.ts";
import { type Log, withProgress } from "./progress.ts";

const firstAnswerMs = 10_000;

/** The default of `ARG BASE=` in an image's Dockerfile. */
export function registryBaseOf(folder: string): string {
  const default_ = /^ARG BASE=(\S+)$/m.exec(readFileSync(join(folder, "Dockerfile"), "utf8"))?.[1];
  if (default_ === undefined) throw new Error(`${folder}/Dockerfile has no line ARG BASE=<image>`);
  return default_;
}

async function isPresent(docker: Docker, reference: string): Promise<boolean> {
  try {
    await docker.getImage(reference).inspect();
    return true;
  } catch {
    return false;
  }
}

async function pull(docker: Docker, reference: string): Promise<void> {
  const giveUp = new AbortController();
  // Only the first answer is bounded: a slow download is fine, a registry that never answers is not.
  const timer = setTimeout(() => giveUp.abort(), firstAnswerMs);
  try {
    const events: NodeJS.ReadableStream = await docker.pull(reference, { abortSignal: giveUp.signal });
    await readBuildEvents(events, () => clearTimeout(timer));
  } finally {
    clearTimeout(timer);
  }
}

/** Makes the base present on the engine with one pull at most. Throws where that does not work. */
export async function ensureRegistryBase(docker: Docker, reference: string, log: Log): Promise<void> {
  if (await isPresent(docker, reference)) return;
  await withProgress(log, `base ${reference}: asking the registry`, () => pull(docker, reference)).catch(
    (cause: unknown) => {
      throw new Error(`the base image ${reference} cannot be pulled`, { cause });
    },
  );
}
