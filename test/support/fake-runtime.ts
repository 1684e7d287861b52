import type { Image } from "../../src/domain/image.ts";
import type {
  ContainerRuntime,
  RunReport,
  RunRequest,
  SandboxContainer,
  SandboxRef,
  SandboxSpec,
} from "../../src/engine/ports.ts";
import { anImage, someEvidence } from "./builders.ts";

/** What a fake sandbox answers to a run. */
export type FakeRun = (request: RunRequest, signal: AbortSignal) => Promise<RunReport>;

export const aReport = (stdout = ""): RunReport => ({
  stdout: Buffer.from(stdout),
  stderr: Buffer.alloc(0),
  outputs: { files: [], skipped: [] },
  end: { kind: "launcher", evidence: someEvidence({ stdoutBytes: stdout.length }) },
});

export class FakeSandbox implements SandboxContainer {
  readonly containerId: string;
  readonly closed: Promise<void>;
  destroyed = false;
  runs = 0;
  answersPing = true;
  readonly #run: FakeRun;
  /** The container ends by itself. */
  readonly die: () => void;

  constructor(containerId: string, run: FakeRun) {
    this.containerId = containerId;
    this.#run = run;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.closed = promise;
    this.die = resolve;
  }

  async ping(): Promise<void> {
    if (!this.answersPing) throw new Error("no answer");
  }

  async run(request: RunRequest, signal: AbortSignal): Promise<RunReport> {
    this.runs += 1;
    return await this.#run(request, signal);
  }

  async destroy(): Promise<void> {
    this.destroyed = true;
    this.die();
  }
}

/** Sandboxes in memory; a test decides when creates end and how, and what runs answer. */
export class FakeRuntime implements ContainerRuntime {
  readonly made: FakeSandbox[] = [];
  readonly removed: string[] = [];
  refs: SandboxRef[] = [];
  owned = new Set<string>();
  availableImages: Image[] = [anImage()];
  run: FakeRun = async () => aReport("1\n");
  /** Called for each create; throwing fails it. */
  beforeCreate: (spec: SandboxSpec) => void | Promise<void> = () => {};
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
    const sandbox = new FakeSandbox(`container-${this.made.length}`, (request, signal) =>
      this.run(request, signal),
    );
    this.made.push(sandbox);
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
}
