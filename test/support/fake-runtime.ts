import { controlNames } from "../../src/domain/controls.ts";
import type { SandboxId } from "../../src/domain/ids.ts";
import type { Image } from "../../src/domain/image.ts";
import {
  type ContainerRuntime,
  type RunEvent,
  type RunOptions,
  type RunReport,
  type RunRequest,
  RunUnknown,
  type SandboxContainer,
  type SandboxFacts,
  SandboxFault,
  type SandboxRef,
  type SandboxSpec,
} from "../../src/engine/ports/runtime.ts";
import { anImage, someEvidence } from "./builders.ts";
import { settled } from "./manual-clock.ts";
import { MemoryFiles } from "./memory-files.ts";

/** A sandbox with every control in force. */
export const someFacts = (): SandboxFacts => ({
  controls: Object.fromEntries(controlNames.map((name) => [name, true])) as SandboxFacts["controls"],
  host: { kernel: "6.1.0", engine: "Docker Engine 29.0.0", runtime: "runc 1.3.0" },
});

/** What a fake sandbox answers to a run. */
export type FakeRun = (request: RunRequest, options: RunOptions) => Promise<RunReport>;

export const aReport = (stdout = "", change: Parameters<typeof someEvidence>[0] = {}): RunReport => ({
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
  results: [],
  outputs: { files: [], skipped: [] },
  end: { kind: "launcher", evidence: someEvidence({ stdoutBytes: stdout.length, ...change }) },
});

export interface HeldRun {
  request: RunRequest;
  say(event: RunEvent): void;
  end(report?: RunReport): Promise<void>;
  fail(error: unknown): Promise<void>;
}

/** Runs that go on until the test ends them, or they are cancelled; in the order in which they began. */
export class HeldRuns {
  readonly begun: HeldRun[] = [];

  get ids(): string[] {
    return this.begun.map(({ request }) => request.id);
  }

  /** For `FakeRuntime.run`. */
  readonly run: FakeRun = (request, { signal, onEvent }) => {
    const { promise, resolve, reject } = Promise.withResolvers<RunReport>();
    onEvent?.({ type: "started" });
    const killed = {
      exitCode: null,
      signal: 9,
      killedBy: "cancel",
      stateLost: request.mode === "cell",
    } as const;
    signal.addEventListener("abort", () => resolve(aReport("", killed)), { once: true });
    this.begun.push({
      request,
      say: (event) => onEvent?.(event),
      end: async (report = aReport()) => {
        resolve(report);
        await settled();
      },
      fail: async (error) => {
        reject(error);
        await settled();
      },
    });
    return promise;
  };

  /** The newest one. */
  get last(): HeldRun {
    const run = this.begun.at(-1);
    if (!run) throw new Error("nothing has begun to run");
    return run;
  }
}

export class FakeSandbox implements SandboxContainer {
  readonly sandboxId: SandboxId;
  readonly containerId: string;
  readonly closed: Promise<void>;
  readonly files = new MemoryFiles();
  attached = true;
  destroyed = false;
  released = false;
  runs = 0;
  answersPing = true;
  cpuMs = 0;
  wipes = 0;
  residue: string[] = [];
  facts: SandboxFacts | undefined = someFacts();
  session: { env: Record<string, string>; seed: number | null } | undefined;
  readonly interrupted: string[] = [];
  readonly forgotten: string[] = [];
  readonly fed: { runId: string; data: string; close: boolean }[] = [];
  /** Runs that the launcher knows of an earlier process, by id. */
  readonly known = new Map<string, RunReport | Promise<RunReport>>();
  /** What the launcher says to `openSession` and `feed`, where it says no. */
  refusal: Error | undefined;
  /** Called before it is removed. */
  beforeDestroy: () => void | Promise<void> = () => {};
  death: Awaited<ReturnType<SandboxContainer["postMortem"]>> = { cause: "killed", detail: "for a test" };
  readonly #run: FakeRun;
  /** The container ends by itself. */
  readonly die: () => void;

  constructor(sandboxId: SandboxId, containerId: string, run: FakeRun) {
    this.sandboxId = sandboxId;
    this.containerId = containerId;
    this.#run = run;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.die = resolve;
  }

  async ping(): Promise<{ cpuMs: number }> {
    if (!this.answersPing) throw new Error("no answer");
    return { cpuMs: this.cpuMs };
  }

  async run(request: RunRequest, options: RunOptions): Promise<RunReport> {
    this.runs += 1;
    return await this.#whileOpen(this.#run(request, options));
  }

  async openSession(settings: { env: Record<string, string>; seed: number | null }): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.session = settings;
  }

  async resumeRun({ id }: Pick<RunRequest, "id">, { onEvent }: RunOptions): Promise<RunReport> {
    const known = this.known.get(id);
    if (!known) throw new RunUnknown(id);
    onEvent?.({ type: "started" });
    const report = await this.#whileOpen(Promise.resolve(known));
    if (report.stdout.length > 0) onEvent?.({ type: "stdout", data: report.stdout });
    return report;
  }

  forget(runId: string): void {
    this.forgotten.push(runId);
  }

  async feed(runId: string, data: Buffer, close: boolean): Promise<void> {
    if (this.refusal) throw this.refusal;
    this.fed.push({ runId, data: data.toString(), close });
  }

  interrupt(runId: string): void {
    this.interrupted.push(runId);
  }

  async wipe(): Promise<{ residue: string[] }> {
    this.wipes += 1;
    return { residue: this.residue };
  }

  release(): void {
    this.released = true;
    this.die();
  }

  async destroy(): Promise<void> {
    await this.beforeDestroy();
    this.destroyed = true;
    this.die();
  }

  async postMortem() {
    return this.death;
  }

  /** What runs in a sandbox ends with it. */
  #whileOpen(run: Promise<RunReport>): Promise<RunReport> {
    const ended = this.closed.then((): never => {
      throw new SandboxFault("the sandbox ended", true);
    });
    return Promise.race([run, ended]);
  }
}

/** Sandboxes in memory; a test decides when creates end and how, and what runs answer. */
export class FakeRuntime implements ContainerRuntime {
  readonly made: FakeSandbox[] = [];
  readonly removed: string[] = [];
  refs: SandboxRef[] = [];
  owned = new Set<string>();
  availableImages: Image[] = [anImage()];
  run: FakeRun = async (_request, { onEvent }) => {
    onEvent?.({ type: "started" });
    onEvent?.({ type: "stdout", data: Buffer.from("1\n") });
    return aReport("1\n");
  };
  /** Called for each create; throwing fails it. */
  beforeCreate: (spec: SandboxSpec) => void | Promise<void> = () => {};
  /** Called with each sandbox that is made. */
  onCreate: (sandbox: FakeSandbox) => void = () => {};
  /** Called for each adoption, with the sandbox that is given out; throwing fails it. */
  onAdopt: (sandbox: FakeSandbox) => void = () => {};
  creates = 0;
  inFlight = 0;
  mostInFlight = 0;

  async create(spec: SandboxSpec): Promise<FakeSandbox> {
    this.creates += 1;
    this.inFlight += 1;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    try {
      await this.beforeCreate(spec);
    } finally {
      this.inFlight -= 1;
    }
    const sandbox = this.#add(spec.id, `container-${this.made.length}`);
    this.onCreate(sandbox);
    return sandbox;
  }

  async adopt(spec: SandboxSpec, containerId: string): Promise<FakeSandbox> {
    const sandbox = this.#add(spec.id, containerId);
    sandbox.facts = spec.facts;
    this.onAdopt(sandbox);
    return sandbox;
  }

  owns(sandboxId: string): boolean {
    return this.owned.has(sandboxId);
  }

  async list(): Promise<SandboxRef[]> {
    return this.refs;
  }

  async remove(containerId: string): Promise<void> {
    this.removed.push(containerId);
  }

  async images(): Promise<Image[]> {
    return this.availableImages;
  }

  async ping(): Promise<void> {}

  #add(id: SandboxId, containerId: string): FakeSandbox {
    const sandbox = new FakeSandbox(id, containerId, (request, options) => this.run(request, options));
    this.made.push(sandbox);
    return sandbox;
  }
}
