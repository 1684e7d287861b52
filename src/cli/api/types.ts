/** Of the service's answers, what this program reads. docs/openapi.json has the whole. */

export interface Observation {
  outcome: string;
  exitCode: number | null;
  evidence: { signal: string | null; reported: { exception: string } | null };
  usage: { wallMs: number };
  outputs: {
    files: { path: string; bytes: number; text?: string; base64?: string }[];
    skipped: { path: string; reason: string }[];
  };
  truncated: { stdout: boolean; stderr: boolean };
}

interface Named {
  name: string;
  digest: string;
}

interface Head {
  id: string;
  createdAt: string;
  action: { kind: string; image: Named; policy: Named };
  session?: { id: string; sequence: number; stateLost: boolean };
}

export interface Execution extends Head {
  status: "finished";
  observation: Observation;
}

export interface SigningKey {
  keyId: string;
  publicKey: string;
  createdAt: string;
  retiredAt: string | null;
}

export interface Replay {
  original: string;
  replayed: string;
  same: boolean;
  differences: { field: string; original: string | null; replayed: string | null }[];
}

export interface ExecutionSummary extends Head {
  tenant: string;
  status: string;
  outcome: string | null;
  exitCode: number | null;
  wallMs: number | null;
}

export interface Session {
  id: string;
  createdAt: string;
  tenant: string;
  state: string;
  image: Named;
  policy: Named;
  sandboxId: string;
  ttlMs: number;
  idleMs: number;
  expiresAt: string;
  lastUsedAt: string;
  seed: number | null;
  metadata: Record<string, string>;
  cohortId: string | null;
  sequence: number;
  interpreter: number;
  resets: number;
  queued: number;
  termination: { reason: string; at: string; detail: string; infra: boolean } | null;
}

export interface FileEntry {
  path: string;
  type: string;
  bytes: number;
  mode: number;
  modifiedMs: number;
}

export interface Key {
  id: string;
  name: string;
  tenant: string;
  role: string;
  createdAt: string;
  revokedAt: string | null;
}

export interface TenantLimits {
  sandboxes: number;
  queued: number;
  requestsPerMinute: number;
  cpuSecondsPerDay: number | null;
  bytesPerDay: number | null;
}

export interface Tenant {
  name: string;
  limits: TenantLimits;
  usage: { cpuSeconds: number; bytes: number };
  running: { sandboxes: number; queued: number };
}

export interface Image {
  name: string;
  description: string;
  python: string;
  packages: Record<string, string>;
  digest: string;
  sizeBytes: number;
}

export interface Policy {
  name: string;
  description: string;
  isolation: { tier: string; runtime: string };
  syscalls: { tier: string };
  images: string[];
  /** `none`, or what the broker may reach. */
  network: string | object;
  limits: { wallMs: number; memoryMiB: number };
  digest: string;
}

export interface AttemptInfo {
  id: number;
  name: string;
  title: string;
  class: string;
  techniques: string[];
}

export interface Proof {
  id: string;
  status: string;
  policy: Named;
  summary: Record<string, number>;
  total: number;
  underWay: string[];
  attempts: { id: number; name: string; verdict: string }[];
  error: string | null;
  ms: number;
}

export interface Posture {
  checkedAt: string;
  minimum: string;
  acceptable: boolean;
  engine: { version: string; api: string; rootless: boolean; liveRestore: boolean };
  runtimes: Record<string, { version: string | null; works: boolean | null }>;
  kernel: { version: string; machine: string; landlock: number | null };
  cgroup: { version: string; driver: string };
  userNamespaces: string;
  appArmor: boolean;
  seLinux: boolean;
  swapBytes: number | null;
  findings: { id: string; severity: string; message: string; references: string[]; remedy: string }[];
  selfTest: {
    policy: string;
    runtime: string;
    checks: { name: string; result: string; evidence: string }[];
  } | null;
}

export interface Readiness {
  ready: boolean;
  checks: { name: string; ok: boolean; detail: string }[];
  pools: {
    image: string;
    policy: string;
    state: string;
    warm: number;
    creating: number;
    waiting: number;
    target: number;
    reason?: string;
  }[];
}
