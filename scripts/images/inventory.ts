/** Asks the image itself what is in it, rather than repeat what it was meant to hold. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type Docker from "dockerode";
import { z } from "zod";
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

/** The engine's log frames: eight bytes of header, the last four of them the length, then the bytes. */
function textOfFrames(frames: Buffer): string {
  let text = "";
  for (let at = 0; at + 8 <= frames.length; ) {
    const end = at + 8 + frames.readUInt32BE(at + 4);
    text += frames.toString("utf8", at + 8, end);
    at = end;
  }
  return text;
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
