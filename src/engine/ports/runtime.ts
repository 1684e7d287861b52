/** Sandboxes as the engine needs them, in our words. An adapter implements these; no vendor type crosses them. */

import type { Control } from "../../domain/controls.ts";
import type { SandboxId } from "../../domain/ids.ts";
import type { Image } from "../../domain/image.ts";
import type { SkipReason } from "../../domain/observation.ts";
import type { Evidence } from "../../domain/outcome.ts";
import type { Limits, Policy } from "../../domain/policy.ts";
import type { ControlsInForce } from "../../domain/sandbox.ts";
import type { SandboxFiles } from "./sandbox-files.ts";

export interface SandboxSpec {
  id: SandboxId;
  tenant: string;
  image: Image;
  policy: Policy;
  /**
   * Leaves these controls out, for what proves that they are needed: Cloche's own payloads run in it, and
   * never a caller's code. What the policy requires of them is not asked for then.
   */
  without?: readonly Control[] | undefined;
  /** For `adopt`: what the process before saw of it. */
  facts?: SandboxFacts | undefined;
}

/** What a sandbox was seen to have when it was made; the same for every run in it. */
export interface SandboxFacts {
  controls: ControlsInForce;
  /** Versions, as the engine tells them: of the kernel, the engine, and the OCI runtime with its name. */
  host: { kernel: string; engine: string; runtime: string };
  /** The kernel's Landlock version, 0 without; undefined where nobody asked. */
  landlock?: number | undefined;
}

/** A container that may be ours, seen from the engine's side. */
export interface SandboxRef {
  containerId: string;
  sandboxId: string;
  instance: string;
  running: boolean;
  /** Milliseconds since 1970. */
  createdAt: number;
}

export interface ContainerRuntime {
  /** Resolves when the launcher is ready and every required control is in force; else refuses and removes. */
  create(spec: SandboxSpec): Promise<SandboxContainer>;
  /**
   * Attaches to a session's container that an earlier process of this service left behind. Rejects
   * with a `SandboxFault` when it is gone or doesn't answer; the container is then still to be removed.
   */
  adopt(spec: SandboxSpec, containerId: string): Promise<SandboxContainer>;
  /** All of Cloche's containers on this engine, of every service instance. */
  list(): Promise<SandboxRef[]>;
  /** Kills and removes; succeeds when it is gone already. */
  remove(containerId: string): Promise<void>;
  /** Whether this process made or adopted the sandbox and has not seen it gone. */
  owns(sandboxId: string): boolean;
  images(): Promise<Image[]>;
  /** Throws `runtime_unavailable` when the engine doesn't answer. */
  ping(): Promise<void>;
}

/** `script`: a new process runs the code. `command`: a new process executes argv. `cell`: the session's interpreter. */
type RunMode = "script" | "command" | "cell";

/** What the launcher needs to know of one run, with bytes instead of the caller's encodings. */
export interface RunRequest {
  /** The execution's id: the run is cancelled, fed and resumed by it. */
  id: string;
  mode: RunMode;
  code: Buffer;
  /** For `command`. */
  argv: string[];
  stdin: Buffer;
  /** stdin stays open after `stdin`, to be fed. */
  keepStdin: boolean;
  args: string[];
  env: Record<string, string>;
  files: { path: string; content: Buffer }[];
  outputs: string[];
  limits: Limits;
  seed: number | null;
  /** For `cell`: the file name in tracebacks. */
  name: string;
}

/** What a run says while it goes on. Bytes are as the program wrote them, cut anywhere. */
export type RunEvent =
  | { type: "started" }
  | { type: "stdout" | "stderr"; data: Buffer }
  | { type: "result"; result: RunResult };

/** One value that a cell showed, in every form it has; bytes of each form by its media type. */
export interface RunResult {
  forms: { mime: string; data: Buffer; truncated: boolean }[];
}

export interface RunReport {
  stdout: Buffer;
  stderr: Buffer;
  results: RunResult[];
  outputs: {
    files: { path: string; content: Buffer }[];
    skipped: { path: string; reason: SkipReason }[];
  };
  /**
   * `lost`: the sandbox ended before its launcher could say how; the engine's word stands in.
   * `refused`: the session's own processes left no room for another; nothing ran.
   */
  end:
    | { kind: "launcher"; evidence: Evidence }
    | { kind: "lost"; cause: "memory" | "wall" | "cancel"; wallMs: number }
    | { kind: "refused"; cause: "processes" };
}

export interface RunOptions {
  /** Aborting cancels the run; the report then says so. */
  signal: AbortSignal;
  /** Called for each event once, in order, before `run` resolves. Must not throw. */
  onEvent?: (event: RunEvent) => void;
}

export interface SandboxContainer {
  readonly sandboxId: SandboxId;
  readonly containerId: string;
  /** False while the link to a session's sandbox is being made anew. */
  readonly attached: boolean;
  /** Resolves, never rejects, when the sandbox can't be used any more, for whatever reason. */
  readonly closed: Promise<void>;
  /** undefined for an adopted one whose facts the process before did not hand over. */
  readonly facts: SandboxFacts | undefined;
  /** Rejects when the launcher doesn't answer in time. Resolves to the CPU time so far, ms. */
  ping(timeoutMs: number): Promise<{ cpuMs: number }>;
  /**
   * Runs one action; one at a time, and only one ever unless `openSession` was called. Rejects with
   * `InputsRefused` when its files can't be put in place, and with a `SandboxFault` when the sandbox,
   * not the user's code, failed.
   */
  run(request: RunRequest, options: RunOptions): Promise<RunReport>;
  /**
   * Tier `cell`, after a run: ends what it left running, removes what it left in every writable place, and looks
   * again. Resolves to what is still there; empty is the only good answer, after which `run` may be called again.
   */
  wipe(): Promise<{ residue: string[] }>;
  /** Makes the sandbox a session's, with an interpreter of which env and seed are these. */
  openSession(settings: { env: Record<string, string>; seed: number | null }): Promise<void>;
  /**
   * After `adopt`: goes on with a run that an earlier process began, with every event from its first.
   * Rejects with `RunUnknown` when the launcher never got it.
   */
  resumeRun(request: Pick<RunRequest, "id" | "limits" | "outputs">, options: RunOptions): Promise<RunReport>;
  /** What became of a session's run is stored: the launcher may forget it. Nothing where it never got it. */
  forget(runId: string): void;
  /** Feeds a run that keeps its stdin open. Rejects with `FileRefused` when it has none or takes no more. */
  feed(runId: string, data: Buffer, close: boolean): Promise<void>;
  /** KeyboardInterrupt, as far as the code lets it happen. */
  interrupt(runId: string): void;
  readonly files: SandboxFiles;
  /** Lets the container live on without this process: another one will `adopt` it. Runs that are waited for reject. */
  release(): void;
  /** Kills and removes the container. Can be called at any time, more than once. */
  destroy(): Promise<void>;
  /** Why it ended, as far as the engine can tell; after `closed`. */
  postMortem(): Promise<{ cause: "memory" | "engine_lost" | "launcher_failed" | "killed"; detail: string }>;
}

/** The sandbox could not take what the action brings: the caller's to mend. No code ran. `message` may be shown to it. */
export class InputsRefused extends Error {
  override readonly name = "InputsRefused";
  /** See `errno(3)`; undefined where it was not the workspace that refused. */
  readonly errno: number | undefined;

  constructor(message: string, errno?: number, cause?: unknown) {
    super(message, { cause });
    this.errno = errno;
  }
}

/** The launcher has never heard of the run: none of its code ran. */
export class RunUnknown extends Error {
  override readonly name = "RunUnknown";
}

/** The sandbox broke. `started` tells whether user code may have run already. */
export class SandboxFault extends Error {
  override readonly name = "SandboxFault";
  readonly started: boolean;

  constructor(message: string, started: boolean, cause?: unknown) {
    super(message, { cause });
    this.started = started;
  }
}
