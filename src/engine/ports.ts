/**
 * What the engine needs of the outside, in our words. Adapters implement these; no vendor type
 * crosses them.
 */
import type { Execution } from "../domain/execution.ts";
import type { SandboxId } from "../domain/ids.ts";
import type { Image } from "../domain/image.ts";
import type { SkipReason } from "../domain/observation.ts";
import type { Evidence } from "../domain/outcome.ts";
import type { Limits, Policy } from "../domain/policy.ts";

export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Milliseconds that only go forward, for durations. */
  monotonic(): number;
  /** Calls back once after `delayMs`; the returned function cancels. Never keeps the process alive. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface SandboxSpec {
  id: SandboxId;
  tenant: string;
  image: Image;
  policy: Policy;
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
  /** All of Cloche's containers on this engine, of every service instance. */
  list(): Promise<SandboxRef[]>;
  /** Kills and removes; succeeds when it is gone already. */
  remove(containerId: string): Promise<void>;
  /** Whether this process made the sandbox and has not seen it gone. */
  owns(sandboxId: string): boolean;
  images(): Promise<Image[]>;
  /** Throws `runtime_unavailable` when the engine doesn't answer. */
  ping(): Promise<void>;
}

/** What the launcher needs to know of one run, with bytes instead of the caller's encodings. */
export interface RunRequest {
  code: Buffer;
  stdin: Buffer;
  args: string[];
  env: Record<string, string>;
  files: { path: string; content: Buffer }[];
  outputs: string[];
  limits: Limits;
  seed: number | null;
}

export interface RunReport {
  stdout: Buffer;
  stderr: Buffer;
  outputs: {
    files: { path: string; content: Buffer }[];
    skipped: { path: string; reason: SkipReason }[];
  };
  /** `lost`: the sandbox ended before its launcher could say how; the engine's word stands in. */
  end:
    | { kind: "launcher"; evidence: Evidence }
    | { kind: "lost"; cause: "memory" | "wall" | "cancel"; wallMs: number };
}

export interface SandboxContainer {
  readonly containerId: string;
  /** Resolves, never rejects, when the launcher's stream ended, for whatever reason. */
  readonly closed: Promise<void>;
  /** Rejects when the launcher doesn't answer in time. */
  ping(timeoutMs: number): Promise<void>;
  /**
   * Runs one action; can be called once. Aborting cancels the run. Rejects with `InputsRefused`
   * when its files don't fit, and with a `SandboxFault` when the sandbox, not the user's code, failed.
   */
  run(request: RunRequest, signal: AbortSignal): Promise<RunReport>;
  /** Kills and removes the container. Can be called at any time, more than once. */
  destroy(): Promise<void>;
}

/** The sandbox could not take the action's files: the caller's to mend. No code ran. */
export class InputsRefused extends Error {
  override readonly name = "InputsRefused";
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

/** An execution as JSON, the way it is stored and the way it is answered: made once. */
export type StoredExecution = string & { readonly __stored: "execution" };

export interface ExecutionStore {
  /**
   * On return the execution survives the end of this process. Throws when it can't be written.
   * Where all together would be more than the store may hold, the oldest go.
   */
  save(tenant: string, execution: Execution): StoredExecution;
  find(tenant: string, id: string): StoredExecution | undefined;
  /** Removes what is older than the given time; returns how many. */
  prune(olderThan: number): number;
}

/** What the engine tells of itself while it works; the adapter counts it. */
export interface Telemetry {
  outcome(outcome: string): void;
  fault(code: string): void;
  phase(phase: "queued" | "acquire" | "run" | "total", ms: number): void;
  sandboxCreated(ms: number): void;
  acquired(hit: boolean): void;
}

export const poolStates = ["filling", "steady", "backing_off", "stopped", "closed"] as const;
export type PoolState = (typeof poolStates)[number];

export interface PoolStatus {
  image: string;
  policy: string;
  state: PoolState;
  warm: number;
  creating: number;
  waiting: number;
  target: number;
  /** Why the last create failed, while none has succeeded since. */
  reason?: string | undefined;
}
