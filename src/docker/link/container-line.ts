/** The way to a container's launcher, as the engine gives it. */
import { Duplex } from "node:stream";
import type { Container, ContainerInspectInfo } from "dockerode";
import { statusOf } from "../container/docker-errors.ts";
import type { Line } from "./reattach.ts";

export const attachTo = async (container: Pick<Container, "attach">): Promise<Duplex> => {
  const stream = await container.attach({
    stream: true,
    stdin: true,
    stdout: true,
    stderr: true,
    hijack: true,
  });
  if (!(stream instanceof Duplex)) throw new Error("the engine gave no stream in both directions");
  return stream;
};

/** `isOurs` looks at what the engine says of the container; one that isn't ours is as good as none. */
export const lineOf = (
  container: Pick<Container, "attach" | "inspect">,
  isOurs: (info: ContainerInspectInfo) => boolean = () => true,
): Line => ({
  attach: () => attachTo(container),
  isRunning: async () => {
    try {
      const info = await container.inspect();
      return info.State.Running && isOurs(info);
    } catch (error) {
      if (statusOf(error) === 404) return false;
      throw error;
    }
  },
});
