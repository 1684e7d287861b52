/** A fresh trace of each image on this machine. */
import type Docker from "dockerode";
import { chooseImages } from "../../src/docker/container/choose-images.ts";
import { labels } from "../../src/docker/container/labels.ts";
import { PROTOCOL_VERSION } from "../../src/docker/link/frames.ts";
import type { Image } from "../../src/domain/image.ts";
import { glibcOf } from "./ask-image.ts";
import { parts } from "./corpus.ts";
import { type ImageTrace, toTracedCalls } from "./trace-file.ts";
import { type TracedPart, tracePart } from "./trace-image.ts";

/** Throws where the engine does not have one of them. */
export const findImages = async (docker: Docker, names: readonly string[]): Promise<Image[]> => {
  const filters = { label: [`${labels.protocol}=${PROTOCOL_VERSION}`] };
  const images = chooseImages(await docker.listImages({ filters }));
  return names.map((name) => {
    const found = images.find((image) => image.name === name);
    if (!found) throw new Error(`the engine has no image ${name}: npm run images -- ${name}`);
    return found;
  });
};

export const traceImage = async (
  docker: Docker,
  image: Image,
  onPart: (traced: TracedPart) => void = () => {},
): Promise<ImageTrace> => {
  const { Architecture: machine, KernelVersion: kernel } = await docker.info();
  const traced: TracedPart[] = [];
  for (const part of parts) {
    const one = await tracePart(docker, image, part);
    traced.push(one);
    onPart(one);
  }
  return {
    image: image.name,
    machine,
    python: image.python,
    glibc: await glibcOf(docker, image.digest),
    kernel,
    parts: Object.fromEntries(
      traced.map(({ part, calls }) => [part, toTracedCalls(calls)]),
    ) as ImageTrace["parts"],
  };
};
