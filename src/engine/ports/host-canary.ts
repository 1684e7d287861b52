/** What a sandbox may leave on the host, as far as the service can see it. */

/** Where one sandbox shows on the host while it lives. */
export interface SandboxTraces {
  containerId: string;
  /** What of the host could not be looked at, and why; empty where everything was. */
  unseen: string[];
  uid: number | undefined;
  cgroups: string[];
  /** Paths that its mounts have in their names. */
  mounts: string[];
}

export interface CanaryReport {
  ok: boolean;
  /** What was compared, and what was found where it is not ok. */
  evidence: string;
}

export interface PlantedCanary extends AsyncDisposable {
  /** Random texts in the planted files and nowhere else: no sandbox may ever say one. */
  readonly tokens: readonly string[];
  /** Asked while the sandbox lives. */
  trace(containerId: string): Promise<SandboxTraces>;
  /** Asked when they are gone: files as planted, and nothing of the sandboxes left. */
  look(gone: readonly SandboxTraces[]): Promise<CanaryReport>;
}

export interface HostCanary {
  /** Plants files; they are removed when the canary is disposed of. */
  plant(): Promise<PlantedCanary>;
}
