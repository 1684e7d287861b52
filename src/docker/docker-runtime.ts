import type Dockerode from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import type { Control } from "../domain/controls.ts";
import type { Image } from "../domain/image.ts";
import { hasOwnKernel } from "../domain/own-kernel.ts";
import type { Limits, Policy } from "../domain/policy.ts";
import { controlsInForce, type Hello, helloSchema, missingControls } from "../domain/sandbox.ts";
import { isMachine } from "../domain/syscall-numbers.ts";
import type { Clock } from "../engine/ports/clock.ts";
import {
  type ContainerRuntime,
  type SandboxFacts,
  SandboxFault,
  type SandboxRef,
  type SandboxSpec,
} from "../engine/ports/runtime.ts";
import { chooseImages } from "./container/choose-images.ts";
import { toContainerSpec } from "./container/container-spec.ts";
import { toUnavailable, unavailable } from "./container/docker-errors.ts";
import { EngineFactsSource, hostOf } from "./container/engine-facts.ts";
import { HostFactsSource } from "./container/host-facts.ts";
import { labels } from "./container/labels.ts";
import { withDependents } from "./container/leave-out.ts";
import { removeContainer } from "./container/remove-container.ts";
import { asSeenByEngine } from "./container/seen-by-engine.ts";
import { within } from "./deadline.ts";
import { DockerSandbox } from "./docker-sandbox.ts";
import { attachTo, lineOf } from "./link/container-line.ts";
import { PROTOCOL_VERSION } from "./link/frames.ts";
import { LauncherChannel } from "./link/launcher-channel.ts";
import { oomKillsOf } from "./run/oom-kills.ts";
import { toDeniedCalls } from "./seccomp/denied-calls.ts";

/** An engine that doesn't answer a question by then is not going to. */
const ANSWER_MS = 3_000;

/** A sandbox whose launcher isn't ready by then is not coming. */
const READY_MS = 30_000;

const MiB = 1024 * 1024;

export interface DockerRuntimeOptions {
  docker: Dockerode;
  instance: string;
  policiesFolder: string;
  clock: Clock;
  /** A launcher ends when it hears nothing from the service for this long. */
  orphanMs: number;
}

/** What is known of a sandbox besides what it was asked to be. */
interface Known {
  /** As `uname -m`; undefined where the engine does not say. */
  machine: string | undefined;
  facts: SandboxFacts | undefined;
  adopted: boolean;
}

/** Containers of one Docker Engine as sandboxes. */
export class DockerRuntime implements ContainerRuntime {
  readonly #docker: Dockerode;
  readonly #instance: string;
  readonly #clock: Clock;
  readonly #orphanMs: number;
  readonly #engine: EngineFactsSource;
  readonly #host: HostFactsSource;
  readonly #owned = new Set<string>();

  constructor({ docker, instance, policiesFolder, clock, orphanMs }: DockerRuntimeOptions) {
    this.#docker = docker;
    this.#instance = instance;
    this.#clock = clock;
    this.#orphanMs = orphanMs;
    this.#engine = new EngineFactsSource(docker);
    this.#host = new HostFactsSource(policiesFolder);
  }

  async create(spec: SandboxSpec): Promise<DockerSandbox> {
    const engine = await this.#engine.get();
    const facts = { ...this.#host.of(spec, engine), instance: this.#instance, orphanMs: this.#orphanMs };
    this.#owned.add(spec.id);
    let container: Dockerode.Container;
    try {
      container = await this.#docker.createContainer(toContainerSpec(spec, facts));
    } catch (error) {
      this.#forget(spec.id);
      throw toUnavailable(error, "it did not create the sandbox's container");
    }
    const channel = new LauncherChannel({ clock: this.#clock, orphanMs: this.#orphanMs });
    let hello: Hello;
    try {
      channel.links.connect(await attachTo(container));
      await container.start();
      hello = await this.#readHello(channel);
      if (hasOwnKernel(spec.policy.isolation.runtime)) hello = await asSeenByEngine(container, hello);
      assertControls(hello, spec.policy, withDependents(spec.without ?? []));
    } catch (error) {
      channel.links.close();
      // What can't be removed now is nobody's any more, and so the reaper's.
      await this.remove(container.id).catch(() => {});
      this.#forget(spec.id);
      throw toUnavailable(error, "the sandbox did not get ready");
    }
    return this.#toSandbox(spec, container, channel, {
      machine: engine.machine,
      adopted: false,
      facts: {
        controls: controlsInForce(hello, spec.policy),
        host: hostOf(engine, spec.policy.isolation.runtime),
        landlock: hello.controls.landlock,
      },
    });
  }

  async adopt(spec: SandboxSpec, containerId: string): Promise<DockerSandbox> {
    const container = this.#docker.getContainer(containerId);
    const channel = new LauncherChannel({
      clock: this.#clock,
      orphanMs: this.#orphanMs,
      adopted: { maxHeldBytes: maxHeldBytes(spec.policy.limits) },
    });
    const { links } = channel;
    this.#owned.add(spec.id);
    links.keep(lineOf(container, (info) => this.#isOurs(info, spec)));
    await Promise.race([links.linked, links.closed]);
    if (!links.current) {
      this.#forget(spec.id);
      throw new SandboxFault(
        `the sandbox could not be attached to again: ${links.complaint}`,
        true,
        links.fault,
      );
    }
    // An engine that doesn't say what it is leaves the numbers of denied calls without names.
    const machine = await this.#engine.get().then(
      (engine) => engine.machine,
      () => undefined,
    );
    return this.#toSandbox(spec, container, channel, { machine, facts: spec.facts, adopted: true });
  }

  owns(sandboxId: string): boolean {
    return this.#owned.has(sandboxId);
  }

  async list(): Promise<SandboxRef[]> {
    const filters = { label: [labels.sandbox] };
    const found = await this.#docker.listContainers({ all: true, filters });
    return found.map(({ Id, Labels, State, Created }) => ({
      containerId: Id,
      sandboxId: Labels[labels.sandbox] ?? "",
      instance: Labels[labels.instance] ?? "",
      running: ["running", "paused", "restarting"].includes(State),
      createdAt: Created * 1000,
    }));
  }

  async remove(containerId: string): Promise<void> {
    await removeContainer(this.#docker.getContainer(containerId));
  }

  async images(): Promise<Image[]> {
    const filters = { label: [`${labels.protocol}=${PROTOCOL_VERSION}`] };
    const found = await this.#ask("it did not list its images", () => this.#docker.listImages({ filters }));
    return chooseImages(found);
  }

  async ping(): Promise<void> {
    await this.#ask("it does not answer", () => this.#docker.ping());
  }

  /** A question that a live engine answers at once; one that hangs is as good as none. */
  async #ask<T>(failure: string, question: () => Promise<T>): Promise<T> {
    try {
      return await within(this.#clock, ANSWER_MS, question(), `no answer within ${ANSWER_MS} ms`);
    } catch (error) {
      throw toUnavailable(error, failure);
    }
  }

  #toSandbox(
    { id, policy }: SandboxSpec,
    container: Dockerode.Container,
    channel: LauncherChannel,
    { machine = "", facts, adopted }: Known,
  ): DockerSandbox {
    const { memoryMiB, processes } = policy.limits;
    return new DockerSandbox({
      id,
      container,
      channel,
      line: lineOf(container),
      clock: this.#clock,
      made: adopted ? undefined : { memoryMiB, processes },
      adopted,
      facts,
      nameDenied: (raw) => toDeniedCalls(raw, policy, isMachine(machine) ? machine : undefined),
      ...(hasOwnKernel(policy.isolation.runtime)
        ? { countOomKills: oomKillsOf(this.#docker, container.id, this.#clock), fixedProcesses: processes }
        : {}),
      servesCells: policy.isolation.tier === "cell",
      onGone: () => this.#forget(id),
    });
  }

  async #readHello(channel: LauncherChannel): Promise<Hello> {
    const stop = this.#clock.after(READY_MS, () => channel.links.close());
    const said = await channel.hello;
    stop();
    if (!said) throw channel.links.fault ?? new Error(channel.links.complaint);
    const hello = helloSchema.parse(JSON.parse(said.toString()));
    if (hello.orphanMs !== this.#orphanMs)
      throw new Error("the launcher would not end when it is left alone");
    return hello;
  }

  /** What the store says of a container must be what the container's labels say. */
  #isOurs({ Config: { Labels, User } }: ContainerInspectInfo, { id, tenant, policy }: SandboxSpec): boolean {
    const isOurs =
      Labels[labels.instance] === this.#instance &&
      Labels[labels.sandbox] === id &&
      Labels[labels.tenant] === tenant &&
      Labels[labels.policy] === policy.digest;
    if (isOurs) this.#host.keep(id, Number.parseInt(User, 10));
    return isOurs;
  }

  #forget(sandboxId: string): void {
    this.#owned.delete(sandboxId);
    this.#host.free(sandboxId);
  }
}

/** Of a launcher with a run that is over and not stored yet, and one that goes on; many small events cost more than their bytes. */
const maxHeldBytes = ({ outputBytes, resultBytes }: Limits): number =>
  2 * (outputBytes + resultBytes) + 64 * MiB;

/** Names what is missing: the policy's author has to know, and it tells nothing of the host but that. */
const assertControls = (hello: Hello, policy: Policy, leftOut: Control[]): void => {
  const missing = missingControls(hello, policy, leftOut);
  if (missing.length === 0) return;
  const names = missing.join(", ");
  throw unavailable(`policy ${policy.name} requires controls that are not in force: ${names}`);
};
