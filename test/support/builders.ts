/** Valid values for tests; each test changes what it is about. */
import { join } from "node:path";
import type { LauncherEvidence } from "../../src/docker/run/launcher-evidence.ts";
import { type Action, type ActionInput, actionSchema } from "../../src/domain/action.ts";
import type { Image } from "../../src/domain/image.ts";
import type { Evidence } from "../../src/domain/outcome.ts";
import type { Policy } from "../../src/domain/policy.ts";
import type { Hello } from "../../src/domain/sandbox.ts";
import type { RunRequest } from "../../src/engine/ports/runtime.ts";
import type { PoolSettings } from "../../src/engine/sandboxes/pools.ts";
import { loadResolvedPolicies } from "../../src/policies/load-policies.ts";

export const policiesFolder = join(import.meta.dirname, "../../policies");

/** As they ship, read once: a property test asks for them thousands of times. */
export const shippedPolicies = loadResolvedPolicies(policiesFolder);

export const aPolicy = (change: Partial<Policy> = {}): Policy => {
  const shipped = shippedPolicies.find(({ policy }) => policy.name === "default");
  if (!shipped) throw new Error("policies/default.yaml is missing");
  return { ...structuredClone(shipped.policy), ...change };
};

export const anImage = (change: Partial<Image> = {}): Image => ({
  name: "python",
  description: "for tests",
  python: "3.13.5",
  packages: {},
  preload: [],
  digest: `sha256:${"a".repeat(64)}`,
  sizeBytes: 1,
  ...change,
});

export const anAction = (change: Partial<ActionInput> = {}): Action =>
  actionSchema.parse({ code: "print(1)", ...change });

export const aRequest = (change: Partial<RunRequest> = {}): RunRequest => ({
  id: "exe_1",
  mode: "script",
  code: Buffer.from("print(1)"),
  argv: [],
  stdin: Buffer.alloc(0),
  keepStdin: false,
  args: [],
  env: {},
  files: [],
  outputs: [],
  limits: aPolicy().limits,
  seed: null,
  name: "",
  ...change,
});

export const someEvidence = (change: Partial<Evidence> = {}): Evidence => ({
  exitCode: 0,
  signal: null,
  killedBy: null,
  oomKills: 0,
  refusedForks: 0,
  reported: null,
  disk: { freeBytes: 1, freeInodes: 1 },
  stragglers: 0,
  stdoutBytes: 0,
  stderrBytes: 0,
  stdoutTruncated: false,
  stderrTruncated: false,
  wallMs: 1,
  cpuMs: 1,
  userMs: 1,
  systemMs: 1,
  memoryPeakBytes: 1,
  interrupted: false,
  endedBy: "process",
  interpreter: 0,
  stateLost: false,
  denied: { reportedBy: "launcher", total: 0, calls: [], truncated: false },
  ...change,
});

/** As a launcher says it. */
export const saidEvidence = (change: Partial<LauncherEvidence> = {}): LauncherEvidence => ({
  ...someEvidence(),
  denied: { reported: true, total: 0, calls: [], truncated: false },
  ...change,
});

const MiB = 1024 * 1024;

/** What a launcher says where every control that the default policy requires is in force. */
export const aHello = (
  change: Partial<Hello["controls"]> = {},
  cell: Partial<Hello["cell"]> = {},
): Hello => ({
  python: "3.13.5",
  preloaded: [],
  readyMs: 1,
  orphanMs: 60_000,
  cgroup: 2,
  controls: {
    uid: 20_000,
    seccomp: 2,
    noNewPrivileges: true,
    capabilities: true,
    readOnlyRoot: true,
    landlock: 7,
    interfaces: ["lo"],
    cpus: [0],
    memoryBytes: 512 * MiB,
    swapBytes: 0,
    processes: 64,
    ...change,
  },
  cell: {
    filters: 3,
    filtersOfLauncher: 1,
    landlock: true,
    scope: ["signal", "abstract_unix_socket"],
    dumpable: false,
    openFiles: 1024,
    fileBytes: 64 * MiB,
    coreBytes: 0,
    reportsDenied: true,
    ...cell,
  },
});

/** What the ledger is told of an action besides its head. */
export const anAsk = () => ({
  asked: { inputs: `sha256:${"b".repeat(64)}`, limits: aPolicy().limits, runtime: "runc" },
});

export const poolSettings = (change: Partial<PoolSettings> = {}): PoolSettings => ({
  target: 1,
  maxWarm: 4,
  idleMs: 1000,
  maxFailures: 3,
  backoffMs: 1,
  stoppedMs: 1,
  pingTimeoutMs: 1,
  refillDelayMs: 50,
  ...change,
});
