/** Asks the image itself what is in it, rather than repeat what it was meant to hold. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { z } from "zod";
import { AttachDemuxer } from "../../src/docker/link/attach-demuxer.ts";
import type { ImageManifest } from "../../src/domain/image.ts";
import type { ImageDefinition } from "./image-definition.ts";
import { imagesFolder } from "./paths.ts";
import { lastLines } from "./run-command.ts";

const inventorySchema = z.strictObject({ python: z.string(), packages: z.record(z.string(), z.string()) });

/** Runs Python once in a container as locked down as a sandbox; returns what it printed. */
async function runPython(docker: Docker, image: string, args: readonly string[]): Promise<string> {
  const container = await docker.createContainer({
    Image: image,
    Cmd: ["python3", "-I", "-B", ...args],
    User: "65534:65534",
    NetworkDisabled: true,
    HostConfig: {
      NetworkMode: "none",
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      Tmpfs: { "/tmp": "size=64m,uid=65534,gid=65534" },
    },
  });
  try {
    await container.start();
    const { StatusCode }: { StatusCode: number } = await container.wait();
    const read = async (stdout: boolean) => {
      const logs = await container.logs({ stdout, stderr: !stdout });
      return textOfFrames(logs);
    };
    if (StatusCode !== 0)
      throw new Error(`python3 exited with ${StatusCode}\n${lastLines(await read(false))}`);
    return await read(true);
  } finally {
    await container.remove({ force: true });
  }
}

/** The engine frames its logs as it frames an attach stream; only one of the two streams was asked for. */
function textOfFrames(logs: Buffer): string {
  const parts: Buffer[] = [];
  const keep = (data: Buffer) => void parts.push(data);
  new AttachDemuxer(keep, keep).write(logs);
  return Buffer.concat(parts).toString();
}

/** The manifest of a built image. Throws when a module of its preload list does not import in it. */
export async function takeInventory(
  docker: Docker,
  image: string,
  definition: ImageDefinition,
): Promise<ImageManifest> {
  const script = readFileSync(join(imagesFolder, "common", "inventory.py"), "utf8");
  const printed = await runPython(docker, image, ["-c", script, ...definition.preload]).catch(
    (cause: unknown) => {
      throw new Error(`taking the inventory of image ${definition.name} failed`, { cause });
    },
  );
  const { python, packages } = inventorySchema.parse(JSON.parse(printed));
  const { name, description, preload } = definition;
  return { name, description, python, packages, preload };
}
