import type Dockerode from "dockerode";
import type { ContainerInspectInfo } from "dockerode";
import type { Image } from "../domain/image.ts";
import type { Limits, Policy } from "../domain/policy.ts";
import { type Hello, helloSchema, missingControls } from "../domain/sandbox.ts";
import type { Clock } from "../engine/ports/clock.ts";
import {
  type ContainerRuntime,
  SandboxFault,
  type SandboxRef,
  type SandboxSpec,
} from "../engine/ports/runtime.ts";
import { chooseImages } from "./container/choose-images.ts";
import { toContainerSpec } from "./container/container-spec.ts";
import { toUnavailable, unavailable } from "./container/docker-errors.ts";
import { HostFactsSource } from "./container/host-facts.ts";
import { labels } from "./container/labels.ts";
import { removeContainer } from "./container/remove-container.ts";
import { within } from "./deadline.ts";
import { DockerSandbox } from "./docker-sandbox.ts";
import { attachTo, lineOf } from "./link/container-line.ts";
import { PROTOCOL_VERSION } from "./link/frames.ts";
import { LauncherChannel } from "./link/launcher-channel.ts";

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

/** Containers of one Docker Engine as sandboxes. */
export class DockerRuntime implements ContainerRuntime {
  readonly #docker: Dockerode;
  readonly #instance: string;
  readonly #clock: Clock;
  readonly #orphanMs: number;
  readonly #host: HostFactsSource;
  readonly #owned = new Set<string>();

  constructor({ docker, instance, policiesFolder, clock, orphanMs }: DockerRuntimeOptions) {
    this.#docker = docker;
    this.#instance = instance;
    this.#clock = clock;
    this.#orphanMs = orphanMs;
    this.#host = new HostFactsSource(docker, policiesFolder);
  }

  async create(spec: SandboxSpec): Promise<DockerSandbox> {
    const facts = { ...(await this.#host.of(spec)), instance: this.#instance, orphanMs: this.#orphanMs };
    this.#owned.add(spec.id);
    let container: Dockerode.Container;
    try {
      container = await this.#docker.createContainer(toContainerSpec(spec, facts));
    } catch (error) {
      this.#forget(spec.id);
      throw toUnavailable(error, "it did not create the sandbox's container");
    }
    const channel = new LauncherChannel({ clock: this.#clock, orphanMs: this.#orphanMs });
    try {
      channel.links.connect(await attachTo(container));
      await container.start();
      assertControls(await this.#readHello(channel), spec.policy);
    } catch (error) {
      channel.links.close();
      // What can't be removed now is nobody's any more, and so the reaper's.
      await this.remove(container.id).catch(() => {});
      this.#forget(spec.id);
      throw toUnavailable(error, "the sandbox did not get ready");
    }
    return this.#toSandbox(spec, container, channel, false);
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
    return this.#toSandbox(spec, container, channel, true);
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
    adopted: boolean,
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
const assertControls = (hello: Hello, policy: Policy): void => {
  const missing = missingControls(hello, policy);
  if (missing.length === 0) return;
  const names = missing.join(", ");
  throw unavailable(`policy ${policy.name} requires controls that are not in force: ${names}`);
};
