/** Packs what a Dockerfile may copy into the tar stream that the engine takes as build context. */
import { lstat, readFile, readlink } from "node:fs/promises";
import { join } from "node:path";
import { Readable } from "node:stream";
import { type Header, pack } from "tar-stream";
import { listFiles } from "./list-files.ts";

/** A host folder (or one text) and the path it gets in the context; "" is the context's root. */
export type ContextPart =
  | { to: string; folder: string; omit?: (path: string) => boolean }
  | { to: string; text: string };

type EntryHeader = Partial<Header> & Pick<Header, "name">;

const target = (part: ContextPart, path: string) => (part.to === "" ? path : `${part.to}/${path}`);

/** Fixed owner, time and modes: neither the host's umask nor its users reach the image. */
async function readEntry(
  file: string,
  name: string,
): Promise<{ header: EntryHeader; data: Buffer | string }> {
  const stats = await lstat(file);
  const common = { name, uid: 0, gid: 0, mtime: new Date(0) };
  if (stats.isSymbolicLink()) {
    return { header: { ...common, type: "symlink", linkname: await readlink(file) }, data: "" };
  }
  const mode = stats.mode & 0o100 ? 0o555 : 0o444;
  return { header: { ...common, mode, type: "file" }, data: await readFile(file) };
}

async function* entriesOf(part: ContextPart) {
  if ("text" in part) {
    const header: EntryHeader = { name: part.to, uid: 0, gid: 0, mode: 0o444, mtime: new Date(0) };
    yield { header, data: part.text };
    return;
  }
  for (const path of listFiles(part.folder)) {
    if (part.omit?.(path) !== true) yield readEntry(join(part.folder, path), target(part, path));
  }
}

/** The context as a stream; a file that cannot be read destroys the stream with the error. */
export function buildContext(parts: readonly ContextPart[]): Readable {
  const archive = pack();
  const fill = async () => {
    for (const part of parts) {
      for await (const { header, data } of entriesOf(part)) {
        await new Promise<void>((resolve, reject) => {
          archive.entry(header, data, (error) => (error ? reject(error) : resolve()));
        });
      }
    }
    archive.finalize();
  };
  fill().catch((error: unknown) =>
    archive.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return Readable.from(archive);
}
