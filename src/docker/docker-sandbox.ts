import type { Container } from "dockerode";
import type { SandboxId } from "../domain/ids.ts";
import type { Clock } from "../engine/ports/clock.ts";
import {
  InputsRefused,
  type RunOptions,
  type RunReport,
  type RunRequest,
  RunUnknown,
  type SandboxContainer,
  type SandboxFacts,
  SandboxFault,
} from "../engine/ports/runtime.ts";
import { causeOf, endOf } from "./container/container-end.ts";
import { toUnavailable } from "./container/docker-errors.ts";
import { removeContainer } from "./container/remove-container.ts";
import { LauncherFiles } from "./files/sandbox-files.ts";
import { fitsCall } from "./link/calls.ts";
import { LauncherCalls } from "./link/launcher-calls.ts";
import type { LauncherChannel, RunHandler } from "./link/launcher-channel.ts";
import type { Line } from "./link/reattach.ts";
import { AppliedLimits, type EngineLimits } from "./run/applied-limits.ts";
import { carryRun } from "./run/carry-run.ts";
import type { NameDenied } from "./run/launcher-evidence.ts";
import type { CountOomKills } from "./run/oom-kills.ts";
import { OutputFiles } from "./run/output-files.ts";
import { sendAction } from "./run/send-action.ts";
import { StdinFeed } from "./run/stdin-feed.ts";

interface Options {
  id: SandboxId;
  container: Pick<Container, "id" | "remove" | "update" | "wait" | "inspect">;
  channel: LauncherChannel;
  /** How to reach the launcher again. */
  line: Line;
  clock: Clock;
  nameDenied: NameDenied;
  countOomKills?: CountOomKills;
  /** See `AppliedLimits`. */
  fixedProcesses?: number | undefined;
  /** Undefined for an adopted one: the process before knew them. */
  facts: SandboxFacts | undefined;
  /** What the container was made with; a run may ask for less. Undefined where a run may have left less in force. */
  made: EngineLimits | undefined;
  /** It is a session's already. */
  adopted: boolean;
  /** Its policy lets it serve one cell after the other. */
  servesCells: boolean;
  onGone(): void;
}

/**
 * One container with the channel to its launcher.
 *
 * States: `warm` (made, nothing ran; answers pings) -> `leased` (`run` or `openSession` was called) ->
 * `dirty` (its one run ended, however it ended, or the session could not be opened; nothing can run
 * here again) -> `gone` (`destroy` or `release` was called; the container is removed, or left to the
 * reaper when the engine can't, or to the next process). A session's stays `leased` from run to run;
 * an adopted one begins there. A cell's goes from `dirty` to `wiped` when `wipe` found nothing left, and from
 * there to `leased` by the next cell's run. `destroy` leads to `gone` from every state. No state leads back.
 */
export class DockerSandbox implements SandboxContainer {
  readonly sandboxId: SandboxId;
  readonly containerId: string;
  readonly closed: Promise<void>;
  readonly facts: SandboxFacts | undefined;
  readonly files: LauncherFiles;
  readonly #options: Options;
  readonly #calls: LauncherCalls;
  readonly #stdin: StdinFeed;
  readonly #limits: AppliedLimits;
  #state: "warm" | "leased" | "dirty" | "wiped" | "gone" = "warm";
  #isSession = false;
  #running = false;
  #removal: Promise<void> | undefined;

  constructor(options: Options) {
    this.#options = options;
    this.sandboxId = options.id;
    this.containerId = options.container.id;
    this.closed = options.channel.links.closed;
    this.facts = options.facts;
    this.#calls = new LauncherCalls(options.channel);
    this.files = new LauncherFiles(this.#calls);
    this.#stdin = new StdinFeed(this.#calls);
    this.#limits = new AppliedLimits(options.container, options.made, options.fixedProcesses);
    if (!options.adopted) return;
    this.#state = "leased";
    this.#isSession = true;
  }

  get state() {
    return this.#state;
  }

  get attached(): boolean {
    return this.#options.channel.links.current !== undefined;
  }

  async ping(timeoutMs: number): Promise<{ cpuMs: number }> {
    const { channel } = this.#options;
    try {
      return await channel.ping(timeoutMs);
    } catch (cause) {
      const sandbox = `sandbox ${this.containerId.slice(0, 12)}`;
      throw new Error(`${sandbox} did not answer a ping: ${channel.links.complaint}`, { cause });
    }
  }

  async openSession({ env, seed }: { env: Record<string, string>; seed: number | null }): Promise<void> {
    const { channel, line } = this.#options;
    if (this.#state !== "warm")
      throw new Error(`only a warm sandbox becomes a session's; this one is ${this.#state}`);
    if (!fitsCall({ op: "open", env, seed }))
      throw new InputsRefused("env must be at most 60 KiB together for a session");
    this.#state = "leased";
    try {
      await this.#calls.ask("open", { env, seed });
    } catch (error) {
      this.#state = "dirty";
      throw new SandboxFault("the sandbox did not become a session's", false, error);
    }
    this.#isSession = true;
    channel.links.keep(line);
  }

  async run(request: RunRequest, options: RunOptions): Promise<RunReport> {
    const { id, outputs, limits } = request;
    const { channel } = this.#options;
    this.#assertCanRun();
    const question = { op: "collect", ...OutputFiles.question(outputs, limits) };
    if (!fitsCall(question)) throw new InputsRefused("outputs must be at most 60 KiB together");
    return await this.#alone(async () => {
      await this.#limits.apply(limits);
      options.signal.throwIfAborted();
      const retain = this.#isSession;
      return await this.#carry(request, options, (handler) =>
        channel.begin(id, (link) => sendAction(link, request, retain), handler),
      );
    });
  }

  async resumeRun(
    request: Pick<RunRequest, "id" | "limits" | "outputs">,
    options: RunOptions,
  ): Promise<RunReport> {
    const { channel } = this.#options;
    if (!this.#isSession) throw new Error("only a session's sandbox has runs to resume");
    return await this.#alone(() =>
      this.#carry(request, options, (handler) => {
        if (!channel.claim(request.id, handler))
          throw new RunUnknown(`the launcher has no run ${request.id}`);
        if (options.signal.aborted) channel.cancel(request.id);
      }),
    );
  }

  forget(runId: string): void {
    this.#options.channel.forget(runId);
  }

  async feed(runId: string, data: Buffer, close: boolean): Promise<void> {
    await this.#stdin.feed(runId, data, close);
  }

  interrupt(runId: string): void {
    this.#options.channel.interrupt(runId);
  }

  async wipe(): Promise<{ residue: string[] }> {
    if (this.#state !== "dirty" || this.#isSession || !this.#options.servesCells)
      throw new Error(`only a sandbox that ran a cell is wiped; this one is ${this.#state}`);
    const { head } = await this.#calls.ask("wipe");
    if (head.residue.length === 0 && this.#state === "dirty") this.#state = "wiped";
    return head;
  }

  release(): void {
    this.#state = "gone";
    this.#options.channel.links.close();
  }

  destroy(): Promise<void> {
    this.#state = "gone";
    this.#removal ??= this.#remove();
    return this.#removal;
  }

  async postMortem(): ReturnType<SandboxContainer["postMortem"]> {
    const { container, channel, clock } = this.#options;
    return causeOf(await endOf(container, clock), channel.links);
  }

  #assertCanRun(): void {
    if (this.#isSession && this.#state === "leased") {
      if (this.#running) throw new Error("a sandbox runs one action at a time");
    } else if (this.#state !== "warm" && this.#state !== "wiped")
      throw new Error(`a sandbox runs once; this one is ${this.#state}`);
  }

  async #alone(work: () => Promise<RunReport>): Promise<RunReport> {
    this.#state = "leased";
    this.#running = true;
    try {
      return await work();
    } finally {
      this.#running = false;
      if (this.#state === "leased" && !this.#isSession) this.#state = "dirty";
    }
  }

  #carry(
    { id, limits, outputs }: Pick<RunRequest, "id" | "limits" | "outputs">,
    options: RunOptions,
    begin: (handler: RunHandler) => void,
  ): Promise<RunReport> {
    const { container, channel, clock, nameDenied, countOomKills } = this.#options;
    const lasting = this.#isSession;
    const isGone = () => this.#state === "gone";
    const from = { channel, container, clock, nameDenied, countOomKills };
    return carryRun({ ...options, ...from, id, limits, outputs, lasting, isGone, begin });
  }

  async #remove(): Promise<void> {
    const { container, channel, onGone } = this.#options;
    try {
      await removeContainer(container);
    } catch (error) {
      throw toUnavailable(error, "it did not remove a container");
    } finally {
      // Also after a failure: what nobody owns any more is the reaper's to remove.
      channel.links.close();
      onGone();
    }
  }
}
