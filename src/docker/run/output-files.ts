import type { RunReport } from "../../engine/ports/runtime.ts";
import { FileRefused } from "../../engine/ports/sandbox-files.ts";
import { FileContent } from "../files/file-content.ts";
import type { LauncherCalls } from "../link/launcher-calls.ts";

/** More names than this of files that did not come back are not worth anybody's memory. */
const MAX_SKIPPED = 1000;
/** Files that are read at the same time. */
const ABREAST = 8;

type Outputs = RunReport["outputs"];

interface Found {
  path: string;
  bytes: number;
  handle: number;
  content: Buffer | undefined;
}

interface Bounds {
  outputFiles: number;
  outputFilesBytes: number;
}

/** The files that a run leaves for its caller; whoever gives up can use what has arrived so far. */
export class OutputFiles {
  readonly #calls: LauncherCalls;
  readonly #patterns: string[];
  readonly #bounds: Bounds;
  #found: Found[] = [];
  #skipped: Outputs["skipped"] = [];

  constructor(calls: LauncherCalls, patterns: string[], bounds: Bounds) {
    this.#calls = calls;
    this.#patterns = patterns;
    this.#bounds = bounds;
  }

  /** The head of the call that finds them. */
  static question(patterns: string[], { outputFiles, outputFilesBytes }: Bounds) {
    return { patterns, maxFiles: outputFiles, maxBytes: outputFilesBytes };
  }

  async collect(): Promise<void> {
    // Stands where no answer comes.
    this.#skipped = this.#patterns.map((path) => ({ path, reason: "unreadable" as const }));
    this.#found = [];
    const { head } = await this.#calls.ask("collect", OutputFiles.question(this.#patterns, this.#bounds));
    const total = head.files.reduce((sum, { bytes }) => sum + bytes, 0);
    if (head.files.length > this.#bounds.outputFiles || total > this.#bounds.outputFilesBytes) {
      throw this.#calls.breach("it found more output files than it was asked for");
    }
    this.#found = head.files.map((file) => ({ ...file, content: undefined }));
    this.#skipped = head.skipped.slice(0, MAX_SKIPPED);
    const waiting = this.#found.values();
    await Promise.all(Array.from({ length: ABREAST }, () => this.#readEach(waiting)));
  }

  result(): Outputs {
    const files = this.#found.flatMap(({ path, content }) => (content ? [{ path, content }] : []));
    const missing = this.#found.filter(({ content }) => !content);
    return {
      files,
      skipped: [...this.#skipped, ...missing.map(({ path }) => ({ path, reason: "unreadable" as const }))],
    };
  }

  async #readEach(waiting: IterableIterator<Found>): Promise<void> {
    for (const file of waiting) {
      try {
        const parts: Buffer[] = [];
        for await (const part of new FileContent(this.#calls, file.handle, file.bytes)) parts.push(part);
        file.content = Buffer.concat(parts);
      } catch (error) {
        // It changed while it was read, for one.
        if (!(error instanceof FileRefused)) throw error;
      }
    }
  }
}
