/** The files of a session's workspace, reached through its launcher. Code of the session may run meanwhile. */

export const entryTypes = ["file", "folder", "link", "other"] as const;

/** As `lstat` sees it: links are never followed. */
export interface FileEntry {
  path: string;
  /** The name's bytes, where they are not UTF-8. */
  pathBase64?: string | undefined;
  type: (typeof entryTypes)[number];
  bytes: number;
  /** Milliseconds since 1970. */
  modifiedMs: number;
  /** Permission bits. */
  mode: number;
}

/**
 * Paths are relative to the workspace, checked by `domain/workspace-path.ts`. Everything rejects with
 * `FileRefused` when the workspace says no, and with a `SandboxFault` when the sandbox doesn't answer.
 */
export interface SandboxFiles {
  stat(path: string): Promise<FileEntry>;
  /** A page of the folder's entries, sorted by path; `after` is the last path of the page before. */
  list(
    path: string,
    options: { recursive: boolean; after?: string | undefined; max: number },
  ): Promise<{ entries: FileEntry[]; more: boolean }>;
  /** Opens a regular file. The content ends with a `FileRefused` when the file changes while it is read. */
  read(path: string): Promise<{ entry: FileEntry; content: AsyncIterable<Buffer> }>;
  /** Writes beside the target and puts it in place when the content has ended well; else nothing is left. */
  write(
    path: string,
    content: AsyncIterable<Buffer>,
    mode: number,
  ): Promise<{ created: boolean; bytes: number }>;
  makeFolder(path: string): Promise<void>;
  /** Returns how many entries went. */
  remove(path: string, options: { recursive: boolean }): Promise<number>;
}

/** The workspace refused, with the kernel's number; see `errno(3)`. */
export class FileRefused extends Error {
  override readonly name = "FileRefused";
  readonly errno: number;

  constructor(errno: number, message: string) {
    super(message);
    this.errno = errno;
  }
}
