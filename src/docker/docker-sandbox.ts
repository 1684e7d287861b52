import type { Container } from "dockerode";
import { type RunReport, type RunRequest, type SandboxContainer, SandboxFault } from "../engine/ports.ts";
import { isGone, toUnavailable } from "./docker-errors.ts";
import { fromLauncher, toLauncher } from "./frames.ts";
import type { LauncherLink } from "./launcher-link.ts";
import { Gathered, gather, sendAction } from "./run-action.ts";

/** How much longer than its own limit a run may take before the service ends the container itself. */
const GRACE_MS = 2_000;
/** Inputs are on their way for at most this long before the code must have started. */
const START_MS = 30_000;
/** A cancelled run's launcher has this long to say how it ended. */
const CANCEL_MS = 1_000;
const MiB = 1024 * 1024;

interface Options {
  container: Container;
  link: LauncherLink;
  /** What the container was made with; a run may ask for less. */
  made: { memoryMiB: number; processes: number };
  onGone(): void;
}

/** One container with its launcher's link. Used for one run. */
export class DockerSandbox implements SandboxContainer {
  readonly containerId: string;
  readonly closed: Promise<void>;
  readonly #container: Container;
  readonly #link: LauncherLink;
  readonly #made: Options["made"];
  readonly #onGone: () => void;
  #removal: Promise<void> | undefined;

  constructor({ container, link, made, onGone }: Options) {
    this.containerId = container.id;
    this.#container = container;
    this.#link = link;
    this.#made = made;
    this.#onGone = onGone;
    this.closed = link.closed;
  }

  async ping(timeoutMs: number): Promise<void> {
    void this.#link.send(toLauncher.ping);
    const frame = await within(timeoutMs, this.#link.next());
    if (frame === late || frame?.type !== fromLauncher.pong) {
      throw new Error(
        `sandbox ${this.containerId.slice(0, 12)} did not answer a ping: ${this.#link.complaint}`,
      );
    }
  }

  async run(request: RunRequest, signal: AbortSignal): Promise<RunReport> {
    await this.#lower(request);
    signal.throwIfAborted();
    const gathered = new Gathered(request);
    const begun = performance.now();
    const cancel = () => void this.#link.send(toLauncher.cancel);
    const end = timer();
    try {
      const done = Promise.race([
        Promise.all([gather(this.#link, gathered), sendAction(this.#link, request)]).then(([whole]) => whole),
        end.promise,
      ]);
      end.after(START_MS + request.limits.wallMs + GRACE_MS, "wall");
      signal.addEventListener("abort", () => end.after(CANCEL_MS, "cancel"), { once: true });
      signal.addEventListener("abort", cancel, { once: true });
      return await this.#report(await done, gathered, performance.now() - begun);
    } finally {
      end.stop();
      signal.removeEventListener("abort", cancel);
    }
  }

  destroy(): Promise<void> {
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async #remove(): Promise<void> {
    try {
      await this.#container.remove({ force: true, v: true });
    } catch (error) {
      if (!isGone(error)) throw toUnavailable(error, "it did not remove a container");
    } finally {
      // Also after a failure: what nobody owns any more is the reaper's to remove.
      this.#link.close();
      this.#onGone();
    }
  }

  /** Memory and process limits below the policy's are the kernel's business, so the engine is asked. */
  async #lower({ limits: { memoryMiB, processes } }: RunRequest): Promise<void> {
    if (memoryMiB === this.#made.memoryMiB && processes === this.#made.processes) return;
    const memory = memoryMiB * MiB;
    try {
      await this.#container.update({ Memory: memory, MemorySwap: memory, PidsLimit: processes });
    } catch (error) {
      throw new SandboxFault("the engine did not apply the run's own limits", false, error);
    }
  }

  async #report(end: boolean | "wall" | "cancel", gathered: Gathered, wallMs: number): Promise<RunReport> {
    const base = { ...gathered.streams(), outputs: gathered.outputs() };
    if (gathered.evidence && end === true) {
      return { ...base, end: { kind: "launcher", evidence: gathered.evidence } };
    }
    if (gathered.started && (end === "wall" || end === "cancel")) {
      return { ...base, end: { kind: "lost", cause: end, wallMs } };
    }
    if (gathered.started && (await this.#wasOutOfMemory())) {
      return { ...base, end: { kind: "lost", cause: "memory", wallMs } };
    }
    throw new SandboxFault(`the launcher ended early: ${this.#link.complaint}`, gathered.started);
  }

  async #wasOutOfMemory(): Promise<boolean> {
    try {
      await this.#container.wait();
      return (await this.#container.inspect()).State.OOMKilled;
    } catch {
      // The engine can't tell any more, so this stays a fault of ours, not the code's.
      return false;
    }
  }
}

const late = Symbol("late");

const within = async <T>(ms: number, promise: Promise<T>): Promise<T | typeof late> => {
  let handle: NodeJS.Timeout | undefined;
  const timeout = new Promise<typeof late>((resolve) => {
    handle = setTimeout(() => resolve(late), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(handle);
  }
};

/** A promise that resolves with a word when the last time set for it has passed. */
const timer = () => {
  let handle: NodeJS.Timeout | undefined;
  const { promise, resolve } = Promise.withResolvers<"wall" | "cancel">();
  return {
    promise,
    after: (ms: number, word: "wall" | "cancel") => {
      clearTimeout(handle);
      handle = setTimeout(() => resolve(word), ms);
    },
    stop: () => clearTimeout(handle),
  };
};
