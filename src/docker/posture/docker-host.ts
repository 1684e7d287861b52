import type Dockerode from "dockerode";
import { z } from "zod";
import type { Clock } from "../../engine/ports/clock.ts";
import type { Host, HostFacts } from "../../engine/ports/host.ts";
import { toUnavailable } from "../container/docker-errors.ts";
import { within } from "../deadline.ts";

const ANSWER_MS = 3_000;

const componentSchema = z.object({
  Name: z.string(),
  Version: z.string(),
  Details: z.object({ GitCommit: z.string().optional() }).nullish(),
});
type Component = z.infer<typeof componentSchema>;

const versionSchema = z.object({
  Version: z.string(),
  ApiVersion: z.string(),
  KernelVersion: z.string(),
  Components: z.array(componentSchema).default([]),
});
type EngineVersion = z.infer<typeof versionSchema>;

const infoSchema = z.object({
  Architecture: z.string(),
  CgroupVersion: z.string().default("1"),
  CgroupDriver: z.string(),
  LiveRestoreEnabled: z.boolean().default(false),
  MemoryLimit: z.boolean().default(false),
  SwapLimit: z.boolean().default(false),
  PidsLimit: z.boolean().default(false),
  Runtimes: z.record(z.string(), z.unknown()).default({}),
  SecurityOptions: z.array(z.string()).nullish(),
  Plugins: z.object({ Authorization: z.array(z.string()).nullish() }).nullish(),
});
type EngineInfo = z.infer<typeof infoSchema>;

/** What the engine's own answers tell of it and of the machine it runs on. */
export class DockerHost implements Host {
  readonly #docker: Dockerode;
  readonly #clock: Clock;

  constructor(docker: Dockerode, clock: Clock) {
    this.#docker = docker;
    this.#clock = clock;
  }

  async look(): Promise<HostFacts> {
    try {
      const asked = Promise.all([this.#docker.version(), this.#docker.info()]);
      const [version, info] = await within(this.#clock, ANSWER_MS, asked, `no answer within ${ANSWER_MS} ms`);
      return toHostFacts(versionSchema.parse(version), infoSchema.parse(info));
    } catch (error) {
      throw toUnavailable(error, "it does not tell what it is");
    }
  }
}

const toHostFacts = (version: EngineVersion, info: EngineInfo): HostFacts => {
  const options = (info.SecurityOptions ?? []).map((option) => /^name=([^,]+)/.exec(option)?.[1] ?? option);
  const rootless = options.includes("rootless");
  return {
    engine: {
      version: version.Version,
      api: version.ApiVersion,
      rootless,
      liveRestore: info.LiveRestoreEnabled,
    },
    runtimes: Object.fromEntries(
      Object.keys(info.Runtimes)
        // The engine's own names for the ways it starts the others.
        .filter((name) => !name.startsWith("io.containerd."))
        .map((name) => [name, name === "runc" ? versionOf(version, "runc") : null]),
    ),
    containerd: versionOf(version, "containerd"),
    kernel: { version: version.KernelVersion, machine: info.Architecture },
    cgroup: { version: info.CgroupVersion, driver: info.CgroupDriver },
    userNamespaces: rootless || options.includes("userns") ? "remapped" : "not_remapped",
    appArmor: options.includes("apparmor"),
    seLinux: options.includes("selinux"),
    bounds: { memory: info.MemoryLimit, swap: info.SwapLimit, processes: info.PidsLimit },
    authorizationPlugins: info.Plugins?.Authorization ?? [],
  };
};

/** Distributions put their package's version, which says more, where the commit belongs. */
const versionOf = ({ Components }: EngineVersion, name: string): string | null => {
  const component = Components.find((candidate: Component) => candidate.Name === name);
  if (!component) return null;
  const commit = component.Details?.GitCommit;
  return commit?.startsWith(component.Version) ? commit : component.Version;
};
