/** Answers of a service, as its schemas have them. */

export const exe = "exe_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0";
export const ses = "ses_0199b2c3d4e5a1b2c3d4e5f6a7b8c9d0";

const head = {
  id: exe,
  createdAt: "2026-11-23T10:00:00.123Z",
  action: {
    kind: "script",
    sha256: "0".repeat(64),
    image: { name: "python", digest: "sha256:abcdef0123456789" },
    policy: { name: "default", digest: "sha256:0123456789abcdef" },
  },
  tier: "container",
};

export const pending = { ...head, status: "queued" };

const anObservation = (more: object = {}) => ({
  outcome: "ok",
  stdout: "",
  stderr: "",
  exitCode: 0,
  evidence: {
    signal: null,
    killedBy: null,
    oomKills: 0,
    refusedForks: 0,
    reported: null,
    disk: null,
    stragglers: 0,
  },
  usage: {
    wallMs: 12.4,
    cpuMs: 5,
    userMs: 4,
    systemMs: 1,
    memoryPeakBytes: 1,
    stdoutBytes: 0,
    stderrBytes: 0,
  },
  results: [],
  outputs: { files: [], skipped: [] },
  truncated: { stdout: false, stderr: false },
  ...more,
});

export const anExecution = (observation: object = {}, more: object = {}) => ({
  ...head,
  status: "finished",
  observation: anObservation(observation),
  timings: { queuedMs: 0, acquireMs: 0, runMs: 12.4, totalMs: 13 },
  ...more,
});

export const started = { event: "started", data: { execution: { ...head, status: "running" } } };
export const finished = (observation: object = {}, more: object = {}) => ({
  event: "finished",
  data: { execution: anExecution(observation, more) },
});

export const aSummary = (more: object = {}) => ({
  ...head,
  tenant: "default",
  status: "finished",
  outcome: "ok",
  exitCode: 0,
  wallMs: 12.4,
  ...more,
});

export const aSession = (more: object = {}) => ({
  id: ses,
  createdAt: "2026-11-23T10:00:00.123Z",
  tenant: "default",
  state: "idle",
  image: head.action.image,
  policy: head.action.policy,
  sandboxId: "sbx_1",
  ttlMs: 3_600_000,
  idleMs: 900_000,
  expiresAt: "2026-11-23T11:00:00.123Z",
  lastUsedAt: "2026-11-23T10:00:01.000Z",
  seed: null,
  metadata: { task: "a b" },
  cohortId: null,
  sequence: 3,
  interpreter: 1,
  resets: 0,
  queued: 0,
  termination: null,
  ...more,
});
