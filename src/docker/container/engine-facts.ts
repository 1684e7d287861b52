/** What the engine says of itself and its host, asked once. */
import type Dockerode from "dockerode";
import type { SandboxFacts } from "../../engine/ports/runtime.ts";
import { toUnavailable } from "./docker-errors.ts";

export interface EngineFacts {
  /** As `uname -m`. */
  machine: string;
  cores: number;
  kernel: string;
  /** Name and version. */
  engine: string;
  /** The runtimes it has registered, by name: with their version, where it tells. */
  runtimes: ReadonlyMap<string, string>;
}

export class EngineFactsSource {
  readonly #docker: Dockerode;
  #asked: Promise<EngineFacts> | undefined;

  constructor(docker: Dockerode) {
    this.#docker = docker;
  }

  /** Throws `runtime_unavailable` where the engine doesn't tell; it is asked again next time. */
  async get(): Promise<EngineFacts> {
    this.#asked ??= this.#ask();
    try {
      return await this.#asked;
    } catch (error) {
      this.#asked = undefined;
      throw toUnavailable(error, "it does not tell what it is");
    }
  }

  async #ask(): Promise<EngineFacts> {
    const [info, version] = await Promise.all([this.#docker.info(), this.#docker.version()]);
    const components = new Map((version.Components ?? []).map(({ Name, Version }) => [Name, Version]));
    const names = Object.keys(info.Runtimes ?? {});
    return {
      machine: info.Architecture,
      cores: info.NCPU,
      kernel: info.KernelVersion,
      engine: `${version.Platform?.Name || "Docker Engine"} ${version.Version}`,
      runtimes: new Map(names.map((name) => [name, [name, components.get(name)].filter(Boolean).join(" ")])),
    };
  }
}

/** As a receipt has it. */
export const hostOf = ({ kernel, engine, runtimes }: EngineFacts, runtime: string): SandboxFacts["host"] => ({
  kernel,
  engine,
  runtime: runtimes.get(runtime) ?? runtime,
});
