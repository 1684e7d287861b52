import { createHash } from "node:crypto";
import { type Action, contentOf, pathConflict } from "../domain/action.ts";
import { ServiceError, shuttingDown } from "../domain/errors.ts";
import type { Execution, Timings } from "../domain/execution.ts";
import { createExecutionId } from "../domain/ids.ts";
import type { Image } from "../domain/image.ts";
import { type Limits, type Policy, requestLimitsSchema } from "../domain/policy.ts";
import type { Admission } from "./admission.ts";
import type { Catalog } from "./catalog.ts";
import { observe } from "./observe.ts";
import type { Pools } from "./pools.ts";
import {
  type Clock,
  type ExecutionStore,
  InputsRefused,
  type RunReport,
  type RunRequest,
  type SandboxContainer,
  SandboxFault,
  type StoredExecution,
  type Telemetry,
} from "./ports.ts";

/** A sandbox that breaks before user code ran costs the caller nothing but time: another one is tried. */
const ATTEMPTS = 3;
/** A removal takes a core for a while; it leaves this one to the answer first. */
const REMOVAL_DELAY_MS = 10;

export interface ExecutorDependencies {
  admission: Admission;
  catalog: Catalog;
  pools: Pools;
  store: ExecutionStore;
  clock: Clock;
  telemetry: Telemetry;
  onFault(error: unknown): void;
}

/** Carries one action through: admit, lease, run, observe, store, destroy. */
export class Executor {
  readonly #deps: ExecutorDependencies;
  readonly #destroying = new Set<Promise<void>>();
  /** Begins a removal that still leaves its core to an answer. */
  readonly #waiting = new Set<() => void>();
  readonly #stop = new AbortController();

  constructor(deps: ExecutorDependencies) {
    this.#deps = deps;
  }

  /**
   * Runs an action in a sandbox of its own. Resolves once the execution is stored.
   * Rejects with `invalid_request`, `policy_denied`, `not_found`, `capacity_exhausted`,
   * `runtime_unavailable`, `sandbox_failed`, or with the signal's reason when it is aborted
   * before the code ran.
   */
  async execute(tenant: string, action: Action, caller: AbortSignal): Promise<StoredExecution> {
    const signal = AbortSignal.any([caller, this.#stop.signal]);
    const { admission, catalog, clock, telemetry, store } = this.#deps;
    const started = clock.monotonic();
    const createdAt = clock.now();
    const policy = catalog.policy(action.policy);
    const image = await catalog.image(action.image, policy);
    const request = toRunRequest(action, policy);

    const leave = await admission.enter(signal);
    try {
      const queuedMs = clock.monotonic() - started;
      const { report, acquireMs, runMs } = await this.#run(tenant, image, policy, request, signal);
      // Cut off by us: a fault of ours, which no trainer must score.
      if (this.#stop.signal.aborted && !caller.aborted && wasCancelled(report)) throw shuttingDown();
      const timings = toTimings({ queuedMs, acquireMs, runMs, totalMs: clock.monotonic() - started });
      const execution: Execution = {
        id: createExecutionId(createdAt),
        createdAt: new Date(createdAt).toISOString(),
        action: {
          sha256: createHash("sha256").update(request.code).digest("hex"),
          image: { name: image.name, digest: image.digest },
          policy: { name: policy.name, digest: policy.digest },
        },
        tier: policy.isolation.tier,
        observation: observe(report),
        timings,
      };
      const stored = store.save(tenant, execution);
      this.#count(execution);
      return stored;
    } catch (error) {
      if (error instanceof ServiceError) telemetry.fault(error.code);
      throw error;
    } finally {
      leave();
    }
  }

  /** Cancels everything that runs or waits; each caller still gets an answer. */
  cancelAll(): void {
    this.#stop.abort(shuttingDown());
  }

  /** Removes every used container now; resolves when they are gone. */
  async settle(): Promise<void> {
    for (const begin of this.#waiting) begin();
    await Promise.all(this.#destroying);
  }

  async #run(tenant: string, image: Image, policy: Policy, request: RunRequest, signal: AbortSignal) {
    const { pools, clock, onFault } = this.#deps;
    for (let attempt = 1; ; attempt += 1) {
      const asked = clock.monotonic();
      const container = await pools.acquire(image, policy, tenant, signal);
      const acquired = clock.monotonic();
      try {
        const report: RunReport = await container.run(request, signal);
        const runMs = clock.monotonic() - acquired;
        return { report, acquireMs: acquired - asked, runMs };
      } catch (error) {
        if (signal.aborted) throw signal.reason;
        if (error instanceof InputsRefused) {
          const issues = [{ field: "files", message: "must fit into the policy's workspaceMiB and inodes" }];
          throw new ServiceError("invalid_request", "The files don't fit into the workspace", { issues });
        }
        if (!(error instanceof SandboxFault)) throw error;
        onFault(error);
        if (error.started || attempt === ATTEMPTS) {
          const message = error.started
            ? "The sandbox broke while the code ran; the code may or may not have finished"
            : "The sandbox broke before the code ran";
          throw new ServiceError("sandbox_failed", message, { cause: error });
        }
      } finally {
        this.#destroy(container);
      }
    }
  }

  /** Off the hot path: it begins after the answer is on its way, and only `settle` waits for it. */
  #destroy(container: SandboxContainer): void {
    const { clock, onFault } = this.#deps;
    const { promise: due, resolve: begin } = Promise.withResolvers<void>();
    clock.after(REMOVAL_DELAY_MS, begin);
    this.#waiting.add(begin);
    const gone = due
      .then(() => {
        this.#waiting.delete(begin);
        return container.destroy();
      })
      .catch(onFault)
      .finally(() => this.#destroying.delete(gone));
    this.#destroying.add(gone);
  }

  #count({ observation, timings }: Execution): void {
    const { telemetry } = this.#deps;
    telemetry.outcome(observation.outcome);
    telemetry.phase("queued", timings.queuedMs);
    telemetry.phase("acquire", timings.acquireMs);
    telemetry.phase("run", timings.runMs);
    telemetry.phase("total", timings.totalMs);
  }
}

const wasCancelled = ({ end }: RunReport): boolean =>
  end.kind === "lost" ? end.cause === "cancel" : end.evidence.killedBy === "cancel";

const toTimings = (timings: Timings): Timings => ({
  queuedMs: round(timings.queuedMs),
  acquireMs: round(timings.acquireMs),
  runMs: round(timings.runMs),
  totalMs: round(timings.totalMs),
});

const round = (ms: number) => Math.round(ms * 1000) / 1000;

const MiB = 1024 * 1024;

const requestLimitNames = requestLimitsSchema.keyof().options;

/** Where the action's code is put in the workspace. */
const ACTION_FILE = "action.py";

/** Checks the action against its policy and turns the caller's encodings into bytes. */
const toRunRequest = (action: Action, policy: Policy): RunRequest => {
  const issues: { field: string; message: string }[] = [];
  const limits: Limits = { ...policy.limits };
  for (const name of requestLimitNames) {
    const value = action.limits[name] ?? limits[name];
    if (value > limits[name]) {
      issues.push({ field: `limits.${name}`, message: `must be at most ${limits[name]}` });
    }
    limits[name] = value;
  }
  const files = Object.entries(action.files).map(([path, file]) => ({ path, content: contentOf(file) }));
  if (ACTION_FILE in action.files) {
    issues.push({
      field: `files[${JSON.stringify(ACTION_FILE)}]`,
      message: "is the name of the action itself",
    });
  }
  const conflict = pathConflict([ACTION_FILE, ...files.map(({ path }) => path)]);
  if (conflict !== undefined) {
    issues.push({
      field: `files[${JSON.stringify(conflict)}]`,
      message: "is a file and, in another path, a folder",
    });
  }
  const fileBytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (fileBytes > policy.limits.workspaceMiB * MiB) {
    issues.push({ field: "files", message: `must fit into ${policy.limits.workspaceMiB} MiB` });
  }
  if (issues.length > 0) {
    throw new ServiceError(
      "invalid_request",
      `The action is wrong in: ${issues.map(({ field }) => field).join(", ")}`,
      { issues },
    );
  }
  return {
    code: Buffer.from(action.code),
    stdin: Buffer.from(action.stdin),
    args: action.args,
    env: { ...baseEnvironment, ...action.env },
    files,
    outputs: action.outputs,
    limits,
    seed: action.seed ?? null,
  };
};

/** What a run finds in its environment besides what its image and its caller set. */
const baseEnvironment = {
  HOME: "/workspace",
  LOGNAME: "sandbox",
  PYTHONDONTWRITEBYTECODE: "1",
  TMPDIR: "/tmp",
  USER: "sandbox",
};
