import { join } from "node:path";
import { contentHash } from "./content-hash.ts";
import type { ImageDefinition } from "./image-definition.ts";

export interface ImageVersion {
  definition: ImageDefinition;
  /** Over the image's folder, the shared build steps and its parent's content. */
  contentHash: string;
  /** Over the content and the launcher: the tag of the finished image. */
  hash: string;
  parent: { name: string; contentHash: string } | null;
}

/** Hashes of the given images, parents first. */
export function versionImages(
  parentsFirst: readonly ImageDefinition[],
  imagesFolder: string,
): ImageVersion[] {
  const common = join(imagesFolder, "common");
  const launcher = contentHash([join(imagesFolder, "launcher"), common], []);
  const versions = new Map<string, ImageVersion>();
  for (const definition of parentsFirst) {
    const parentVersion = definition.parent === null ? undefined : versions.get(definition.parent);
    const parent =
      parentVersion === undefined
        ? null
        : { name: parentVersion.definition.name, contentHash: parentVersion.contentHash };
    const content = contentHash([definition.folder, common], parent === null ? [] : [parent.contentHash]);
    const hash = contentHash([], [content, launcher]);
    versions.set(definition.name, { definition, contentHash: content, hash, parent });
  }
  return [...versions.values()];
}
