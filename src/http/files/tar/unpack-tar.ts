/** Puts the files and folders of an archive into a workspace, one after the other, as they arrive. */
import { ServiceError } from "../../../domain/errors.ts";
import { workspacePath } from "../../../domain/workspace-path.ts";
import type { SandboxFiles } from "../../../engine/ports/sandbox-files.ts";
import { onFile } from "../file-errors.ts";
import { badArchive, entryField } from "./bad-archive.ts";
import { readTar, type TarEntry } from "./read-tar.ts";

export interface UnpackOptions {
  /** The folder it goes into; "" is the workspace. */
  folder: string;
  maxEntries: number;
  maxBytes: number;
}

export interface Unpacked {
  files: number;
  folders: number;
  /** Of the files' content. */
  bytes: number;
}

/** What was written before it rejects stays; the error tells how many files that are. */
export const unpackTar = async (
  archive: AsyncIterable<Buffer>,
  files: SandboxFiles,
  options: UnpackOptions,
): Promise<Unpacked> => {
  const done: Unpacked = { files: 0, folders: 0, bytes: 0 };
  const seen = new Set<string>();
  try {
    for await (const entry of readTar(archive)) {
      // What `tar -c .` writes for the folder it began in.
      if (entry.type === "folder" && /^\.\/?$/.test(entry.name)) continue;
      const path = pathOf(entry, options.folder);
      if (seen.has(path)) throw badArchive("is there twice", entryField(entry.name));
      seen.add(path);
      if (seen.size > options.maxEntries) {
        throw new ServiceError(
          "payload_too_large",
          `The archive must have at most ${options.maxEntries} entries`,
        );
      }
      if (entry.bytes > options.maxBytes) {
        throw new ServiceError(
          "payload_too_large",
          `The archive must have at most ${options.maxBytes} bytes`,
        );
      }
      await onFile(path, () => put(files, path, entry, done));
    }
  } catch (error) {
    throw withProgress(error, done.files);
  }
  return done;
};

/** One leading `./` and a folder's trailing `/` are how archivers write; whatever else is odd is refused. */
const pathOf = ({ name, type }: TarEntry, folder: string): string => {
  const plain = name.replace(/^\.\//, "").replace(type === "folder" ? /\/$/ : /$^/, "");
  for (const path of [plain, folder === "" ? plain : `${folder}/${plain}`]) {
    const checked = workspacePath.safeParse(path);
    if (!checked.success) throw badArchive(checked.error.issues[0]?.message ?? "can't be", entryField(name));
  }
  return folder === "" ? plain : `${folder}/${plain}`;
};

const put = async (files: SandboxFiles, path: string, entry: TarEntry, done: Unpacked): Promise<void> => {
  if (entry.type === "folder") {
    await files.makeFolder(path);
    done.folders += 1;
  } else {
    await files.write(path, entry.content, entry.mode);
    done.files += 1;
    done.bytes += entry.bytes;
  }
};

const withProgress = (error: unknown, files: number): unknown => {
  if (!(error instanceof ServiceError)) return error;
  const { code, message, issues, cause } = error;
  return new ServiceError(code, `${message}. Files written before that, which stay: ${files}`, {
    issues,
    cause,
  });
};
