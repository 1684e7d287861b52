import { Duplex } from "node:stream";
import type Dockerode from "dockerode";
import type { Image } from "../domain/image.ts";
import type { Policy } from "../domain/policy.ts";
import { type Hello, helloSchema, missingControls } from "../domain/sandbox.ts";
import type { Clock, ContainerRuntime, SandboxRef, SandboxSpec } from "../engine/ports.ts";
import { chooseImages } from "./choose-images.ts";
import { toContainerSpec } from "./container-spec.ts";
import { toUnavailable, unavailable } from "./docker-errors.ts";
import { DockerSandbox } from "./docker-sandbox.ts";
import { fromLauncher, PROTOCOL_VERSION } from "./frames.ts";
import { labels } from "./labels.ts";
import { LauncherLink } from "./launcher-link.ts";
import { removeContainer } from "./remove-container.ts";
import { loadSeccompProfile } from "./seccomp-profile.ts";

/** An engine that doesn't answer a question by then is not going to. */
const ANSWER_MS = 3_000;

/** A sandbox whose launcher isn't ready by then is not coming. */
const READY_MS = 30_000;

/** Uids that sandboxes run as: outside of what Debian gives to people and services. */
const FIRST_UID = 20_000;
const UIDS = 40_000;

export interface DockerRuntimeOptions {
  docker: Dockerode;
  instance: string;
  policiesFolder: string;
  clock: Clock;
}

/** Containers of one Docker Engine as sandboxes. */
export class DockerRuntime implements ContainerRuntime {
  readonly #docker: Dockerode;
  readonly #instance: string;
  readonly #policiesFolder: string;
  readonly #clock: Clock;
  readonly #owned = new Set<string>();
  readonly #profiles = new Map<string, string>();
  #host: Promise<{ machine: string; cores: number }> | undefined;
  #created = 0;

  constructor({ docker, instance, policiesFolder, clock }: DockerRuntimeOptions) {
    this.#clock = clock;
    this.#docker = docker;
    this.#instance = instance;
    this.#policiesFolder = policiesFolder;
  }

  async create(spec: SandboxSpec): Promise<DockerSandbox> {
    const options = toContainerSpec(spec, await this.#hostFacts(spec));
    this.#owned.add(spec.id);
    const forget = () => void this.#owned.delete(spec.id);
    let container: Dockerode.Container;
    try {
      container = await this.#docker.createContainer(options);
    } catch (error) {
      forget();
      throw toUnavailable(error, "it did not create the sandbox's container");
    }
    let link: LauncherLink | undefined;
    try {
      link = await this.#start(container);
      assertControls(await this.#readHello(link), spec.policy);
    } catch (error) {
      link?.close();
      // What can't be removed now is nobody's any more, and so the reaper's.
      await this.remove(container.id).catch(() => {});
      forget();
      throw toUnavailable(error, "the sandbox did not get ready");
    }
    const { memoryMiB, processes } = spec.policy.limits;
    return new DockerSandbox({
      container,
      link,
      clock: this.#clock,
      made: { memoryMiB, processes },
      onGone: forget,
    });
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
    let stop = () => {};
    const late = new Promise<never>((_, reject) => {
      stop = this.#clock.after(ANSWER_MS, () => reject(new Error(`no answer within ${ANSWER_MS} ms`)));
    });
    try {
      return await Promise.race([question(), late]);
    } catch (error) {
      throw toUnavailable(error, failure);
    } finally {
      stop();
    }
  }

  async #start(container: Dockerode.Container): Promise<LauncherLink> {
    const stream = await container.attach({
      stream: true,
      stdin: true,
      stdout: true,
      stderr: true,
      hijack: true,
    });
    if (!(stream instanceof Duplex)) throw new Error("the engine gave no stream in both directions");
    const link = new LauncherLink(stream);
    await container.start();
    return link;
  }

  async #readHello(link: LauncherLink): Promise<Hello> {
    const stop = this.#clock.after(READY_MS, () => link.close());
    try {
      const frame = await link.next();
      if (frame?.type !== fromLauncher.hello) throw new Error(link.complaint);
      return helloSchema.parse(JSON.parse(frame.payload.toString()));
    } finally {
      stop();
    }
  }

  async #hostFacts({ policy }: SandboxSpec) {
    this.#host ??= this.#askHost();
    const { machine, cores } = await this.#host;
    if (policy.limits.cpus > cores) {
      throw unavailable(`policy ${policy.name} wants ${policy.limits.cpus} cores, the engine has ${cores}`);
    }
    const turn = this.#created++;
    return {
      instance: this.#instance,
      uid: FIRST_UID + (turn % UIDS),
      cpuset: chooseCores(turn, policy.limits.cpus, cores),
      seccompProfile: this.#profile(policy.syscalls, machine),
    };
  }

  async #askHost(): Promise<{ machine: string; cores: number }> {
    try {
      const { Architecture, NCPU } = await this.#docker.info();
      return { machine: Architecture, cores: NCPU };
    } catch (error) {
      // Asked again next time.
      this.#host = undefined;
      throw toUnavailable(error, "it does not tell what it is");
    }
  }

  #profile(syscalls: string, machine: string): string {
    const known = this.#profiles.get(syscalls);
    if (known !== undefined) return known;
    try {
      const profile = loadSeccompProfile(this.#policiesFolder, syscalls, machine);
      this.#profiles.set(syscalls, profile);
      return profile;
    } catch (error) {
      throw unavailable(`there is no system call list ${syscalls} for ${machine}`, error);
    }
  }
}

/** Spreads sandboxes over the cores in turn: "1" or, for two cores, "1,2". */
const chooseCores = (turn: number, wanted: number, cores: number): string =>
  Array.from({ length: wanted }, (_, index) => (turn * wanted + index) % cores)
    .sort((a, b) => a - b)
    .join(",");

/** Names what is missing: the policy's author has to know, and it tells nothing of the host but that. */
const assertControls = (hello: Hello, policy: Policy): void => {
  const missing = missingControls(hello, policy);
  if (missing.length === 0) return;
  const names = missing.join(", ");
  throw unavailable(`policy ${policy.name} requires controls that are not in force: ${names}`);
};
