import type { SandboxContainer } from "../ports/runtime.ts";

/** A sandbox that goes has this long to say what it used, ms. */
const LAST_PING_MS = 500;

interface MeterDependencies {
  /** Another process had the sandbox before: what it used until then is charged already. */
  adopted: boolean;
  charge(cpuMs: number): void;
  onFault(error: unknown): void;
}

/** Charges the CPU time of one session's sandbox, each time what is new since the time before. */
export class CpuMeter {
  readonly #sandbox: SandboxContainer;
  readonly #deps: MeterDependencies;
  /** undefined where it is to be asked for first. */
  #chargedMs: number | undefined;

  constructor(sandbox: SandboxContainer, deps: MeterDependencies) {
    this.#sandbox = sandbox;
    this.#deps = deps;
    this.#chargedMs = deps.adopted ? undefined : 0;
  }

  /** Rejects when the sandbox doesn't answer in time. */
  async read(timeoutMs: number): Promise<void> {
    if (!this.#sandbox.attached) return;
    const { cpuMs } = await this.#sandbox.ping(timeoutMs);
    const used = Math.max(0, cpuMs - (this.#chargedMs ?? cpuMs));
    this.#chargedMs = cpuMs;
    this.#deps.charge(used);
  }

  /** Before the sandbox goes: short sessions are not for nothing. */
  async readLast(): Promise<void> {
    await this.read(LAST_PING_MS).catch(this.#deps.onFault);
  }
}
