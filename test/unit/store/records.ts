/** Valid records for the tests of the store; each test changes what it is about. */
import {
  type Execution,
  type ExecutionHead,
  executionSchema,
  type FailedExecution,
} from "../../../src/domain/execution.ts";
import { type Session, sessionSchema } from "../../../src/domain/session.ts";
import type { StoredReceipt, Timeline } from "../../../src/engine/ports/stores.ts";

/** When everything below was made, if nothing else is said; a ManualClock begins with it too. */
export const NOW = 1_800_000_000_000;

export const aHead = (id: string, change: Partial<ExecutionHead> & { at?: number } = {}): ExecutionHead => {
  const { at = NOW, ...rest } = change;
  return {
    id,
    createdAt: new Date(at).toISOString(),
    action: {
      kind: "script",
      sha256: "0",
      image: { name: "python", digest: "sha256:1" },
      policy: { name: "default", digest: "sha256:2" },
    },
    tier: "container",
    ...rest,
  };
};

export const inSession = (id: string) => ({
  session: { id, sequence: 1, interpreter: 1, stateLost: false },
});

export const finished = (
  head: ExecutionHead,
  observed: { outcome?: string; stdout?: string } = {},
): Execution =>
  executionSchema.parse({
    ...head,
    status: "finished",
    observation: {
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
        interrupted: false,
        endedBy: "process",
      },
      usage: {
        wallMs: 1.5,
        cpuMs: 1,
        userMs: 1,
        systemMs: 0,
        memoryPeakBytes: 1,
        stdoutBytes: 0,
        stderrBytes: 0,
      },
      denied: { reportedBy: "none", total: 0, calls: [], truncated: false },
      outputs: { files: [], skipped: [] },
      results: [],
      truncated: { stdout: false, stderr: false },
      ...observed,
    },
    timings: { queuedMs: 0, acquireMs: 0, runMs: 0, totalMs: 0 },
  });

export const failed = (head: ExecutionHead): FailedExecution => ({
  ...head,
  status: "failed",
  error: { code: "execution_lost", detail: "The service went down", retryable: true, infra: true },
});

export const aReceipt = (text = "{}") => text as StoredReceipt;

export const aTimeline = (text = "[]") => text as Timeline;

export const aSession = (id: string, change: Partial<Session> = {}): Session =>
  sessionSchema.parse({
    id,
    createdAt: new Date(NOW).toISOString(),
    tenant: "t",
    state: "idle",
    image: { name: "python", digest: "sha256:1" },
    policy: { name: "default", digest: "sha256:2" },
    sandboxId: "sbx_1",
    ttlMs: 60_000,
    idleMs: 60_000,
    expiresAt: new Date(NOW + 60_000).toISOString(),
    lastUsedAt: new Date(NOW).toISOString(),
    seed: null,
    metadata: {},
    cohortId: null,
    sequence: 0,
    interpreter: 1,
    resets: 0,
    queued: 0,
    termination: null,
    ...change,
  });
