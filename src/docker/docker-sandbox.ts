import type { Container } from "dockerode";
import {
  type Clock,
  type RunReport,
  type RunRequest,
  type SandboxContainer,
  SandboxFault,
} from "../engine/ports.ts";
import { toUnavailable } from "./docker-errors.ts";
import { fromLauncher, toLauncher } from "./frames.ts";
import type { LauncherLink } from "./launcher-link.ts";
import { removeContainer } from "./remove-container.ts";
import { Gathered, gather, sendAction } from "./run-action.ts";

/** How much longer than its own limit a run may take before the service ends the container itself. */
const GRACE_MS = 2_000;
/** Inputs on their way in, and output files on their way out, have this long together. */
const TRANSFER_MS = 30_000;
/** A cancelled run's launcher has this long to say how it ended. */
const CANCEL_MS = 1_000;
const MiB = 1024 * 1024;

interface Options {
  container: Pick<Container, "id" | "remove" | "update" | "wait" | "inspect">;
  link: LauncherLink;
  clock: Clock;
  /** What the container was made with; a run may ask for less. */
  made: { memoryMiB: number; processes: number };
  onGone(): void;
}

/**
 * One container with its launcher's link.
 *
 * States: `warm` (made, nothing ran; answers pings) -> `leased` (`run` was called; the action is
 * running) -> `dirty` (the run ended, however it ended; nothing can run here again) -> `gone`
 * (`destroy` was called; the container is removed, or left to the reaper when the engine can't).
 * `destroy` leads to `gone` from every state. No state leads back.
 */
export class DockerSandbox implements SandboxContainer {
  readonly containerId: string;
  readonly closed: Promise<void>;
  readonly #options: Options;
  #state: "warm" | "leased" | "dirty" | "gone" = "warm";
  #removal: Promise<void> | undefined;

  constructor(options: Options) {
    this.containerId = options.container.id;
    this.closed = options.link.closed;
    this.#options = options;
  }

  get state() {
    return this.#state;
  }

  async ping(timeoutMs: number): Promise<void> {
    const { link, clock } = this.#options;
    const timer = deadline<"late">(clock);
    timer.set(timeoutMs, "late");
    void link.send(toLauncher.ping);
    const frame = await Promise.race([link.next(), timer.passed]);
    timer.stop();
    if (frame === "late" || frame?.type !== fromLauncher.pong) {
      throw new Error(`sandbox ${this.containerId.slice(0, 12)} did not answer a ping: ${link.complaint}`);
    }
  }

  async run(request: RunRequest, signal: AbortSignal): Promise<RunReport> {
    if (this.#state !== "warm") throw new Error(`a sandbox runs once; this one is ${this.#state}`);
    this.#state = "leased";
    try {
      await this.#lower(request);
      signal.throwIfAborted();
      return await this.#run(request, signal);
    } finally {
      if (this.#state === "leased") this.#state = "dirty";
    }
  }

  destroy(): Promise<void> {
    this.#state = "gone";
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #run(request: RunRequest, signal: AbortSignal): Promise<RunReport> {
    const { link, clock } = this.#options;
    const gathered = new Gathered(request);
    const begun = clock.monotonic();
    const timer = deadline<"wall" | "cancel">(clock);
    timer.set(TRANSFER_MS + request.limits.wallMs + GRACE_MS, "wall");
    const cancel = () => {
      timer.set(CANCEL_MS, "cancel");
      void link.send(toLauncher.cancel);
    };
    signal.addEventListener("abort", cancel, { once: true });
    try {
      const whole = Promise.all([gather(link, gathered), sendAction(link, request)]).then(([done]) => done);
      const end = await Promise.race([whole, timer.passed]);
      return await this.#report(end, gathered, clock.monotonic() - begun);
    } finally {
      timer.stop();
      signal.removeEventListener("abort", cancel);
    }
  }

  async #remove(): Promise<void> {
    const { container, link, onGone } = this.#options;
    try {
      await removeContainer(container);
    } catch (error) {
      throw toUnavailable(error, "it did not remove a container");
    } finally {
      // Also after a failure: what nobody owns any more is the reaper's to remove.
      link.close();
      onGone();
    }
  }

  /** Memory and process limits below the policy's are the kernel's business, so the engine is asked. */
  async #lower({ limits: { memoryMiB, processes } }: RunRequest): Promise<void> {
    const { container, made } = this.#options;
    if (memoryMiB === made.memoryMiB && processes === made.processes) return;
    const memory = memoryMiB * MiB;
    try {
      await container.update({ Memory: memory, MemorySwap: memory, PidsLimit: processes });
    } catch (error) {
      throw new SandboxFault("the engine did not apply the run's own limits", false, error);
    }
  }

  async #report(end: boolean | "wall" | "cancel", gathered: Gathered, wallMs: number): Promise<RunReport> {
    const base = { ...gathered.streams(), outputs: gathered.outputs() };
    // How the run ended is known, also where its files did not all arrive.
    if (gathered.evidence) {
      return { ...base, end: { kind: "launcher", evidence: gathered.evidence } };
    }
    if (gathered.started && (end === "wall" || end === "cancel")) {
      return { ...base, end: { kind: "lost", cause: end, wallMs } };
    }
    if (gathered.started && (await this.#wasOutOfMemory())) {
      return { ...base, end: { kind: "lost", cause: "memory", wallMs } };
    }
    const { complaint } = this.#options.link;
    throw new SandboxFault(`the launcher ended early: ${complaint}`, gathered.started);
  }

  async #wasOutOfMemory(): Promise<boolean> {
    const { container } = this.#options;
    try {
      await container.wait();
      return (await container.inspect()).State.OOMKilled;
    } catch {
      // The engine can't tell any more, so this stays a fault of ours, not the code's.
      return false;
    }
  }
}

/** A promise that resolves with a word once the time that was set last has passed. */
const deadline = <Word extends string>(clock: Clock) => {
  const { promise, resolve } = Promise.withResolvers<Word>();
  let stop = () => {};
  return {
    passed: promise,
    set: (ms: number, word: Word) => {
      stop();
      stop = clock.after(ms, () => resolve(word));
    },
    stop: () => stop(),
  };
};
