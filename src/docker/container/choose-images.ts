import type { ImageInfo } from "dockerode";
import { type Image, imageManifestSchema } from "../../domain/image.ts";
import { labels, repositoryOf } from "./labels.ts";

/**
 * Of each sandbox image the one to use: what is tagged `latest`, or else, where another checkout
 * with another protocol took that tag, the newest.
 */
export const chooseImages = (found: ImageInfo[]): Image[] => {
  const chosen = new Map<string, { image: Image; rank: [number, number] }>();
  for (const info of found) {
    const image = toImage(info);
    if (!image) continue;
    const isLatest = info.RepoTags?.includes(`${repositoryOf(image.name)}:latest`) ? 1 : 0;
    const rank: [number, number] = [isLatest, info.Created];
    const rival = chosen.get(image.name);
    if (!rival || isAbove(rank, rival.rank)) chosen.set(image.name, { image, rank });
  }
  return [...chosen.values()].map(({ image }) => image);
};

const isAbove = (a: [number, number], b: [number, number]) => a[0] > b[0] || (a[0] === b[0] && a[1] > b[1]);

/** A label is anybody's to write: one that is no manifest makes its image nobody's, not the request fail. */
const toImage = ({ Id, Size, Labels, RepoTags }: ImageInfo): Image | undefined => {
  if (!RepoTags?.length) return;
  const manifest = imageManifestSchema.safeParse(parseLabel(Labels[labels.manifest]));
  return manifest.success ? { ...manifest.data, digest: Id, sizeBytes: Size } : undefined;
};

const parseLabel = (label: string | undefined): unknown => {
  try {
    return JSON.parse(label ?? "null");
  } catch {
    return null;
  }
};
