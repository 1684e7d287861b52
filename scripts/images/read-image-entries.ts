/** Lists what is in an image by exporting a container that is never started. */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type Docker from "dockerode";
import { extract, type Header } from "tar-stream";
import { z } from "zod";
import type { ImageEntry } from "./lint-image.ts";

/** How tar archives carry the extended attribute that gives a program capabilities. */
const capabilityHeader = z.object({ "SCHILY.xattr.security.capability": z.string() });

function typeOf(header: Header): ImageEntry["type"] {
  if (header.type === "directory") return "directory";
  if (header.type === "symlink" || header.type === "link") return "link";
  if (header.type === "character-device" || header.type === "block-device" || header.type === "fifo") {
    return "device";
  }
  return "file";
}

function toEntry(header: Header): ImageEntry {
  return {
    path: header.name.replace(/^(\.?\/)+|\/+$/g, ""),
    type: typeOf(header),
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    hasCapabilities: capabilityHeader.safeParse(header.pax).success,
  };
}

/** All entries of the image, in the order of the archive. */
export async function readImageEntries(docker: Docker, image: string): Promise<ImageEntry[]> {
  // An imported image has no command of its own, and a container cannot be created without one.
  const container = await docker.createContainer({ Image: image, Cmd: ["none"], NetworkDisabled: true });
  try {
    const entries: ImageEntry[] = [];
    const archive = extract();
    archive.on("entry", (header, content, next) => {
      entries.push(toEntry(header));
      content.on("end", next).resume();
    });
    await pipeline(Readable.from(await container.export()), archive);
    return entries;
  } finally {
    await container.remove({ force: true });
  }
}
