/** A host on which everything holds, and what a self-test saw there. */
import type { Posture } from "../../src/domain/posture.ts";
import type { HostFacts } from "../../src/engine/ports/host.ts";
import type { RunReport } from "../../src/engine/ports/runtime.ts";
import type { SelfTested } from "../../src/engine/posture/self-test.ts";
import type { AllProbed, Bounds } from "../../src/engine/posture/self-test-parts.ts";
import { someEvidence } from "./builders.ts";
import { someFacts } from "./fake-runtime.ts";

export const someHostFacts = (change: Partial<HostFacts> = {}): HostFacts => ({
  engine: { version: "29.5.0", api: "1.52", rootless: false, liveRestore: true },
  runtimes: { runc: "1.3.4" },
  containerd: "2.2.1",
  kernel: { version: "6.18.44", machine: "x86_64" },
  cgroup: { version: "2", driver: "systemd" },
  userNamespaces: "remapped",
  appArmor: true,
  seLinux: false,
  bounds: { memory: true, swap: true, processes: true },
  authorizationPlugins: [],
  ...change,
});

export const aPosture = (change: Partial<Posture> = {}): Posture => ({
  checkedAt: "2026-11-23T10:00:00.000Z",
  minimum: "controls",
  acceptable: true,
  engine: { version: "29.5.0", api: "1.52", rootless: false, liveRestore: true },
  runtimes: { runc: { version: "1.3.4", works: true } },
  kernel: { version: "6.18.44", machine: "x86_64", landlock: 7 },
  cgroup: { version: "2", driver: "systemd" },
  userNamespaces: "remapped",
  appArmor: true,
  seLinux: false,
  swapBytes: 0,
  findings: [],
  selfTest: null,
  ...change,
});

const MiB = 1024 * 1024;
const folders = ["/workspace", "/tmp", "/dev/shm"];

/** Under the limits of the quick form of the default policy. */
export const someBounds = (change: Partial<Bounds> = {}): Bounds => ({
  cores: { affinity: 1, count: 1 },
  spin: { workers: 2, cpuSeconds: 0.15, wallSeconds: 0.15 },
  openFiles: { made: 1000, refused: "EMFILE" },
  fileSize: { below: null, above: "EFBIG" },
  fill: Object.fromEntries(folders.map((folder) => [folder, { bytes: 8 * MiB, refused: "ENOSPC" }])),
  inodes: Object.fromEntries(folders.map((folder) => [folder, { made: 500, refused: "ENOSPC" }])),
  network: {
    interfaces: ["lo"],
    socket: null,
    outside: "ENETUNREACH",
    metadata: "ENETUNREACH",
    loopback: null,
  },
  rights: {
    rootFile: "EROFS",
    ownFile: null,
    setuid: "EPERM",
    launcher: "EACCES",
    ownEnviron: null,
    unshare: "EPERM",
    afAlg: "EPERM",
    unix: null,
  },
  host: { swapBytes: 0, cgroup: "2" },
  processes: { made: 30, refused: "EAGAIN" },
  ...change,
});

const aReportOf = (stdout: string, evidence: Parameters<typeof someEvidence>[0] = {}): RunReport => ({
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
  results: [],
  outputs: { files: [], skipped: [] },
  end: { kind: "launcher", evidence: someEvidence(evidence) },
});

/** What the payloads of the self-test come to where every limit bites. */
export const reportsOfProbes = (bounds: Bounds = someBounds()) => ({
  bounds: aReportOf(`${JSON.stringify(bounds)}\n`),
  memory: aReportOf("half\n", { exitCode: null, signal: 9, oomKills: 1 }),
  output: aReportOf("x".repeat(1000), { exitCode: null, signal: 9, killedBy: "output" }),
  wall: aReportOf("began\n", { exitCode: null, signal: 9, killedBy: "wall", wallMs: 301 }),
});

export const someProbed = (change: Partial<AllProbed> = {}): AllProbed => {
  const reports = reportsOfProbes();
  const facts = someFacts();
  return {
    bounds: { facts, report: reports.bounds },
    memory: { facts, report: reports.memory },
    output: { facts, report: reports.output },
    wall: { facts, report: reports.wall },
    ...change,
  };
};

export const someTested = (
  checks: SelfTested["selfTest"]["checks"],
  host: SelfTested["host"] = { swapBytes: 0, cgroup: "2", landlock: 7 },
): SelfTested => ({
  selfTest: { at: "2026-11-23T10:00:00.000Z", policy: "default", runtime: "runc", checks },
  host,
});
