/** `docker run --rm --network none IMAGE python3 -I -c 'print(1)'`, by the same engine calls that the CLI makes. */
import { once } from "node:events";
import { PassThrough } from "node:stream";
import { text } from "node:stream/consumers";
import type Docker from "dockerode";
import { stopwatch } from "./stopwatch.ts";

/** Milliseconds until the container has printed, has ended and is removed. */
export async function timeDockerRun(docker: Docker, image: string): Promise<number> {
  const elapsed = stopwatch();
  const container = await docker.createContainer({
    Image: image,
    Entrypoint: ["python3", "-I", "-c", "print(1)"],
    Cmd: [],
    AttachStdout: true,
    AttachStderr: true,
    HostConfig: { NetworkMode: "none", AutoRemove: true },
  });
  const attached = await container.attach({ stream: true, stdout: true, stderr: true });
  const removed = container.wait({ condition: "removed" });
  const output = readOutput(docker, attached);
  await container.start();
  await removed;
  const ms = elapsed();
  const printed = await output;
  if (printed !== "1\n") throw new Error(`docker run printed ${JSON.stringify(printed)}, not 1`);
  return ms;
}

async function readOutput(docker: Docker, attached: NodeJS.ReadWriteStream): Promise<string> {
  const stdout = new PassThrough();
  const stderr = new PassThrough().resume();
  docker.modem.demuxStream(attached, stdout, stderr);
  const printed = text(stdout);
  await once(attached, "end");
  stdout.end();
  return await printed;
}
