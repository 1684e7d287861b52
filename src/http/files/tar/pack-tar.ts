/** Makes an archive of a folder of a workspace, while code of the session may go on changing it. */
import { pack } from "tar-stream";
import { ServiceError } from "../../../domain/errors.ts";
import { workspacePath } from "../../../domain/workspace-path.ts";
import type { FileEntry, SandboxFiles } from "../../../engine/ports/sandbox-files.ts";
import { isGone } from "../file-errors.ts";
import { discard, exactly } from "../send-stream.ts";

const PAGE = 1000;
const LAST_DATE_MS = (2 ** 31 - 1) * 1000;
/** tar-stream takes a mode of 0 for none at all, unless the file's type is in it. */
const REGULAR = 0o100000;

export interface PackBounds {
  maxEntries: number;
  maxBytes: number;
}

export interface PackPlan {
  entries: FileEntry[];
  /** Links, special files, and names that no archive should have. */
  skipped: number;
}

/** Looks through the whole folder first: too much is refused before anything is sent. */
export const planTar = async (files: SandboxFiles, folder: string, bounds: PackBounds): Promise<PackPlan> => {
  const entries: FileEntry[] = [];
  const below = prefixOf(folder);
  let skipped = 0;
  let bytes = 0;
  let after: string | undefined;
  for (;;) {
    const page = await files.list(folder, { recursive: true, after, max: PAGE });
    for (const entry of page.entries) {
      if (!isWanted(entry, below)) skipped += 1;
      else {
        entries.push(entry);
        if (entry.type === "file") bytes += entry.bytes;
      }
    }
    if (entries.length + skipped > bounds.maxEntries) {
      throw tooMuch(`has more than ${bounds.maxEntries} entries`);
    }
    if (bytes > bounds.maxBytes) throw tooMuch(`has more than ${bounds.maxBytes} bytes`);
    if (!page.more) return { entries, skipped };
    const last = page.entries.at(-1)?.path;
    // A list that does not get on would never end.
    if (last === undefined || last === after) {
      throw new ServiceError("sandbox_failed", "The session's sandbox gave a list that does not go on");
    }
    after = last;
  }
};

const prefixOf = (folder: string) => (folder === "" ? "" : `${folder}/`);

const isWanted = ({ type, path, pathBase64 }: FileEntry, below: string) =>
  (type === "file" || type === "folder") &&
  pathBase64 === undefined &&
  path.startsWith(below) &&
  workspacePath.safeParse(path).success;

/**
 * Files that have gone since the plan are left out. Rejects when one changes while it is sent, and above the bound:
 * then the archive has no end, and no reader takes it for whole.
 */
export async function* packTar(
  files: SandboxFiles,
  folder: string,
  plan: PackPlan,
  { maxBytes }: PackBounds,
): AsyncGenerator<Buffer> {
  const archive = pack();
  const fed = feed(archive, files, folder, plan, maxBytes).catch((error) => archive.destroy(error));
  try {
    for await (const piece of archive) yield piece as Buffer;
  } finally {
    archive.destroy();
    await fed;
  }
}

type Archive = ReturnType<typeof pack>;

const feed = async (
  archive: Archive,
  files: SandboxFiles,
  folder: string,
  { entries }: PackPlan,
  maxBytes: number,
): Promise<void> => {
  let left = maxBytes;
  for (const entry of entries) {
    const name = entry.path.slice(prefixOf(folder).length);
    if (entry.type === "folder") {
      await add(archive, { ...header(entry), name: `${name}/`, type: "directory" }, []);
      continue;
    }
    const opened = await open(files, entry.path);
    if (!opened) continue;
    left -= opened.entry.bytes;
    if (left < 0 || archive.destroying) {
      await discard(opened.content);
      throw tooMuch(`has more than ${maxBytes} bytes`);
    }
    const content = exactly(opened.content, opened.entry.bytes);
    await add(archive, { ...header(opened.entry), name, type: "file", size: opened.entry.bytes }, content);
  }
  archive.finalize();
};

const open = async (files: SandboxFiles, path: string) => {
  try {
    return await files.read(path);
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
};

const header = ({ mode, modifiedMs }: FileEntry) => ({
  mode: REGULAR | (mode & 0o777),
  // The session's code may have set any time, and tar has not all of them.
  mtime: new Date(Math.min(Math.max(Number.isFinite(modifiedMs) ? modifiedMs : 0, 0), LAST_DATE_MS)),
});

/** Waits for whoever reads the archive; rejects when nobody does any more. */
const add = async (
  archive: Archive,
  head: Parameters<Archive["entry"]>[0],
  content: AsyncIterable<Buffer> | Iterable<Buffer>,
): Promise<void> => {
  const { promise: added, resolve, reject } = Promise.withResolvers<void>();
  added.catch(() => {});
  const sink = archive.entry(head, (error) => (error ? reject(error) : resolve()));
  sink.on("error", reject);
  for await (const piece of content) {
    if (sink.write(piece)) continue;
    await Promise.race([new Promise<void>((drained) => sink.once("drain", () => drained())), added]);
  }
  sink.end(null);
  await added;
};

const tooMuch = (what: string) =>
  new ServiceError("payload_too_large", `The folder ${what}; ask for a folder below it, or for single files`);
