/** A workspace in memory, as strict as the launcher's; a test decides what the session's code does meanwhile. */
import { type FileEntry, FileRefused, type SandboxFiles } from "../../src/engine/ports/sandbox-files.ts";

export type MemoryNode =
  | { type: "file"; content: Buffer; mode: number; modifiedMs: number }
  | { type: "folder" | "link" | "other"; mode: number; modifiedMs: number };

const ERRNO = {
  ENOENT: 2,
  ENOTDIR: 20,
  EISDIR: 21,
  EINVAL: 22,
  ENOSPC: 28,
  ENOTEMPTY: 39,
  ELOOP: 40,
  ESTALE: 116,
} as const;

const refuse = (name: keyof typeof ERRNO): never => {
  throw new FileRefused(ERRNO[name], `${name} at /workspace`);
};

const byBytes = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));

export class MemoryFiles implements SandboxFiles {
  /** By path. Folders above a node are there too. */
  readonly nodes = new Map<string, MemoryNode>();
  /** Names that are not UTF-8, by the path they are shown with. */
  readonly rawNames = new Map<string, Buffer>();
  /** Contents that are being read or written. */
  open = 0;
  /** Every path that was asked for. */
  readonly asked: string[] = [];
  capacityBytes = Number.POSITIVE_INFINITY;
  chunkBytes = 64 * 1024;
  /** Called before each piece of a file is read, with how many were. */
  beforePiece: (path: string, pieces: number) => void | Promise<void> = () => {};
  /** Called before a file is opened to be read. */
  beforeRead: (path: string) => void | Promise<void> = () => {};

  /** What the session's code puts there. */
  put(path: string, node: MemoryNode | Buffer | string): void {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = parts.slice(0, depth).join("/");
      if (!this.nodes.has(above)) this.nodes.set(above, { type: "folder", mode: 0o755, modifiedMs: 0 });
    }
    const made: MemoryNode =
      typeof node === "string" || Buffer.isBuffer(node)
        ? { type: "file", content: Buffer.from(node), mode: 0o644, modifiedMs: 1_800_000_000_000 }
        : node;
    this.nodes.set(path, made);
  }

  async stat(path: string): Promise<FileEntry> {
    return this.#toEntry(path, this.#find(path));
  }

  async list(
    path: string,
    { recursive, after, max }: { recursive: boolean; after?: string | undefined; max: number },
  ): Promise<{ entries: FileEntry[]; more: boolean }> {
    if (path !== "" && this.#find(path).type !== "folder") refuse("ENOTDIR");
    const below = path === "" ? "" : `${path}/`;
    const paths = [...this.nodes.keys()]
      .filter((name) => name.startsWith(below) && (recursive || !name.slice(below.length).includes("/")))
      .sort(byBytes)
      .filter((name) => after === undefined || byBytes(name, after) > 0);
    const entries = paths.slice(0, max).map((name) => this.#toEntry(name, this.#find(name)));
    return { entries, more: paths.length > max };
  }

  async read(path: string): Promise<{ entry: FileEntry; content: AsyncIterable<Buffer> }> {
    await this.beforeRead(path);
    const node = this.#find(path);
    if (node.type === "folder") refuse("EISDIR");
    if (node.type === "link") refuse("ELOOP");
    if (node.type !== "file") return refuse("EINVAL");
    this.open += 1;
    return { entry: this.#toEntry(path, node), content: this.#pieces(path, node) };
  }

  async *#pieces(path: string, opened: Extract<MemoryNode, { type: "file" }>): AsyncGenerator<Buffer> {
    try {
      const { content } = opened;
      for (let start = 0, pieces = 0; ; start += this.chunkBytes, pieces += 1) {
        await this.beforePiece(path, pieces);
        // Replacing the node is a new file; changing its content is a change of this one.
        if (opened.content !== content) refuse("ESTALE");
        if (start >= content.length) return;
        yield content.subarray(start, start + this.chunkBytes);
      }
    } finally {
      this.open -= 1;
    }
  }

  async write(
    path: string,
    content: AsyncIterable<Buffer>,
    mode: number,
  ): Promise<{ created: boolean; bytes: number }> {
    this.#check(path);
    this.#walk(path);
    this.open += 1;
    try {
      const pieces: Buffer[] = [];
      let bytes = 0;
      for await (const piece of content) {
        bytes += piece.byteLength;
        if (bytes > this.capacityBytes) refuse("ENOSPC");
        pieces.push(Buffer.from(piece));
      }
      this.#makeAbove(path);
      const there = this.nodes.get(path);
      if (there?.type === "folder") refuse("EISDIR");
      this.nodes.set(path, {
        type: "file",
        content: Buffer.concat(pieces),
        mode,
        modifiedMs: 1_800_000_000_000,
      });
      return { created: there === undefined, bytes };
    } finally {
      this.open -= 1;
    }
  }

  async makeFolder(path: string): Promise<void> {
    this.#check(path);
    this.#makeAbove(`${path}/x`);
  }

  async remove(path: string, { recursive }: { recursive: boolean }): Promise<number> {
    this.#find(path);
    const below = [...this.nodes.keys()].filter((name) => name.startsWith(`${path}/`));
    if (below.length > 0 && !recursive) refuse("ENOTEMPTY");
    for (const name of [path, ...below]) this.nodes.delete(name);
    return below.length + 1;
  }

  /** Fails the test that lets a name through that would leave the workspace. */
  #check(path: string): void {
    this.asked.push(path);
    const parts = path.split("/");
    if (parts.some((part) => part === "" || part === "." || part === "..") || path.includes("\u0000")) {
      throw new Error(`${JSON.stringify(path)} reached the workspace`);
    }
  }

  #find(path: string): MemoryNode {
    this.#check(path);
    this.#walk(path);
    return this.nodes.get(path) ?? refuse("ENOENT");
  }

  #walk(path: string): void {
    const parts = path.split("/");
    for (let depth = 1; depth < parts.length; depth += 1) {
      const above = this.nodes.get(parts.slice(0, depth).join("/"));
      if (above?.type === "link") refuse("ELOOP");
      if (above && above.type !== "folder") refuse("ENOTDIR");
    }
  }

  #makeAbove(path: string): void {
    this.#walk(path);
    const above = path.slice(0, Math.max(path.lastIndexOf("/"), 0));
    if (above !== "" && !this.nodes.has(above)) {
      this.put(above, { type: "folder", mode: 0o755, modifiedMs: 0 });
    }
  }

  #toEntry(path: string, node: MemoryNode): FileEntry {
    const { type, mode, modifiedMs } = node;
    const bytes = node.type === "file" ? node.content.length : 0;
    const raw = this.rawNames.get(path);
    return { path, ...(raw ? { pathBase64: raw.toString("base64") } : {}), type, bytes, modifiedMs, mode };
  }
}
