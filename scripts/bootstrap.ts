import { connectDocker } from "../src/docker/container/connect-docker.ts";
import { ensureEngine } from "./engine/ensure-engine.ts";
import type { ImageBase } from "./start-options.ts";
import { stateDir } from "./state-dir.ts";

type Bootstrap = { allowInstall: boolean; base: ImageBase; images: readonly string[] | "all" };

/** What `npm start` and `npm test` need under them: an engine that answers, and the sandbox images in it. */
export async function bootstrap({ allowInstall, base, images }: Bootstrap): Promise<{ dockerHost: string }> {
  const { dockerHost, started } = await ensureEngine({
    allowInstall,
    stateDir: stateDir(),
    log: say("engine"),
  });
  say("engine")(`${started ? "started" : "found"} at ${dockerHost}`);

  // Only now: loading the builder takes longer than finding the engine, and its absence must not hide an engine error.
  const { ensureImages } = await import("./images/build-images.ts");
  const docker = connectDocker(dockerHost);
  const log = say("image");
  const ready = await ensureImages({ docker, names: images, log, allowInstall, base });
  for (const { name, tag, built, ms } of ready) {
    log(`${name} ${built ? `built in ${(ms / 1000).toFixed(1)} s` : "is there"} (${tag})`);
  }
  return { dockerHost };
}

function say(phase: string): (line: string) => void {
  return (line) => console.log(`${phase}: ${line}`);
}
