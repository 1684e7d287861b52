/** The machine under the sandboxes, as the engine can ask about it. */

/** `null` is what cannot be told. */
export interface HostFacts {
  engine: { version: string; api: string; rootless: boolean; liveRestore: boolean };
  /** OCI runtimes that are registered, by name, with their version. */
  runtimes: Record<string, string | null>;
  containerd: string | null;
  kernel: { version: string; machine: string };
  cgroup: { version: string; driver: string };
  userNamespaces: "remapped" | "not_remapped" | "unknown";
  appArmor: boolean;
  seLinux: boolean;
  /** Memory, swap and the number of processes of a container can be bounded. */
  bounds: { memory: boolean; swap: boolean; processes: boolean };
  /** Plugins that decide who may ask the engine for what. */
  authorizationPlugins: string[];
}

export interface Host {
  /** Throws `runtime_unavailable` when the engine doesn't answer. */
  look(): Promise<HostFacts>;
}
