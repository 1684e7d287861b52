/** One run over a launcher's link: sends the action, gathers what comes back, bounds everything. */
import { z } from "zod";
import { skipReasonSchema } from "../domain/observation.ts";
import { type Evidence, evidenceSchema } from "../domain/outcome.ts";
import { InputsRefused, type RunReport, type RunRequest, SandboxFault } from "../engine/ports.ts";
import { type Frame, fromLauncher, toLauncher } from "./frames.ts";
import type { LauncherLink } from "./launcher-link.ts";

const fileFrameSchema = z.union([
  z.strictObject({ path: z.string(), bytes: z.int().min(0) }),
  z.strictObject({ path: z.string(), skipped: skipReasonSchema }),
  z.strictObject({ end: z.literal(true) }),
]);

const refusalSchema = z.strictObject({ errno: z.int(), reason: z.string().max(8192) });

/** EEXIST, ENOTDIR, EISDIR, EFBIG, ENOSPC, ENAMETOOLONG: what an action's own files can cause. */
const errnosOfFiles = [17, 20, 21, 27, 28, 36];

const refusalOf = (payload: Buffer): Error => {
  const { errno, reason } = refusalSchema.parse(JSON.parse(payload.toString()));
  return errnosOfFiles.includes(errno)
    ? new InputsRefused(reason)
    : new Error(`the launcher refused: ${reason}`);
};

/** More names than this of files that did not come back are not worth anybody's memory. */
const MAX_SKIPPED = 1000;

/** What has arrived so far; whoever gives up on the run can still use it. */
export class Gathered {
  readonly #request: RunRequest;
  readonly #stdout: Buffer[] = [];
  readonly #stderr: Buffer[] = [];
  #outputLeft: number;
  #filesLeft: number;
  #fileBytesLeft: number;
  readonly #files: { path: string; parts: Buffer[]; left: number }[] = [];
  readonly #skipped: RunReport["outputs"]["skipped"] = [];
  started = false;
  evidence: Evidence | undefined;
  complete = false;

  constructor(request: RunRequest) {
    this.#request = request;
    this.#outputLeft = request.limits.outputBytes;
    this.#filesLeft = request.limits.outputFiles;
    this.#fileBytesLeft = request.limits.outputFilesBytes;
  }

  /** Throws when the sandbox sends what no sound launcher sends. */
  add({ type, payload }: Frame): void {
    switch (type) {
      case fromLauncher.started:
        this.started = true;
        return;
      case fromLauncher.stdout:
      case fromLauncher.stderr:
        this.#addOutput(type === fromLauncher.stdout ? this.#stdout : this.#stderr, payload);
        return;
      case fromLauncher.exit:
        this.evidence = evidenceSchema.parse(JSON.parse(payload.toString()));
        return;
      case fromLauncher.file:
        this.#addFile(fileFrameSchema.parse(JSON.parse(payload.toString())));
        return;
      case fromLauncher.fileData:
        this.#addFileData(payload);
        return;
      case fromLauncher.pong:
        return;
      case fromLauncher.refused:
        throw refusalOf(payload);
      default:
        throw new Error(`frame type ${type} during a run`);
    }
  }

  streams() {
    return { stdout: Buffer.concat(this.#stdout), stderr: Buffer.concat(this.#stderr) };
  }

  outputs(): RunReport["outputs"] {
    const whole = this.#files.filter(({ left }) => left === 0);
    const cut = this.#files.filter(({ left }) => left > 0);
    return {
      files: whole.map(({ path, parts }) => ({ path, content: Buffer.concat(parts) })),
      skipped: [...this.#skipped, ...cut.map(({ path }) => ({ path, reason: "unreadable" as const }))],
    };
  }

  #addOutput(parts: Buffer[], payload: Buffer): void {
    this.#outputLeft -= payload.length;
    if (this.#outputLeft < 0) throw new Error(`more output than ${this.#request.limits.outputBytes} bytes`);
    parts.push(payload);
  }

  #addFile(frame: z.infer<typeof fileFrameSchema>): void {
    if ("end" in frame) {
      this.complete = true;
    } else if ("skipped" in frame) {
      if (this.#skipped.length < MAX_SKIPPED) {
        this.#skipped.push({ path: frame.path, reason: frame.skipped });
      }
    } else {
      this.#filesLeft -= 1;
      this.#fileBytesLeft -= frame.bytes;
      if (this.#filesLeft < 0 || this.#fileBytesLeft < 0) throw new Error("more output files than asked for");
      this.#files.push({ path: frame.path, parts: [], left: frame.bytes });
    }
  }

  #addFileData(payload: Buffer): void {
    const file = this.#files.at(-1);
    if (!file || payload.length > file.left) throw new Error("file data that belongs to no file");
    file.left -= payload.length;
    file.parts.push(payload);
  }
}

export const sendAction = async (link: LauncherLink, request: RunRequest): Promise<void> => {
  const { code, stdin, args, env, files, outputs, limits, seed } = request;
  const head = {
    args,
    env,
    seed,
    codeBytes: code.length,
    stdinBytes: stdin.length,
    files: files.map(({ path, content }) => ({ path, bytes: content.length })),
    limits: { wallMs: limits.wallMs, cpuMs: limits.cpuMs, outputBytes: limits.outputBytes },
    outputs: { patterns: outputs, maxFiles: limits.outputFiles, maxBytes: limits.outputFilesBytes },
  };
  const headBytes = Buffer.from(JSON.stringify(head));
  const inputs = Buffer.concat([headBytes, code, stdin, ...files.map(({ content }) => content)]);
  // One write for the usual small action: each is a trip through the engine.
  link.cork();
  const sent = Promise.all([
    link.send(toLauncher.run, Buffer.from(JSON.stringify({ headBytes: headBytes.length }))),
    link.sendAll(toLauncher.input, inputs),
  ]);
  link.uncork();
  await sent;
};

/** Reads until the run is complete. Returns false when the stream ended before. */
export const gather = async (link: LauncherLink, gathered: Gathered): Promise<boolean> => {
  while (!gathered.complete) {
    const frame = await link.next();
    if (!frame) return false;
    try {
      gathered.add(frame);
    } catch (error) {
      if (error instanceof InputsRefused) throw error;
      throw new SandboxFault("the sandbox broke the protocol", gathered.started, error);
    }
  }
  return true;
};
