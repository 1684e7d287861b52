/** A sandbox that only programs of the battery run in. */
import { actionSchema } from "../../domain/action.ts";
import type { Control } from "../../domain/controls.ts";
import { createExecutionId, createSandboxId } from "../../domain/ids.ts";
import type { Image } from "../../domain/image.ts";
import type { Observation } from "../../domain/observation.ts";
import type { Policy } from "../../domain/policy.ts";
import { observe } from "../executions/observe.ts";
import { toRunRequest } from "../executions/to-run-request.ts";
import type { Clock } from "../ports/clock.ts";
import type { PlantedCanary, SandboxTraces } from "../ports/host-canary.ts";
import type { ContainerRuntime, SandboxContainer, SandboxFacts } from "../ports/runtime.ts";
import { PROOF_TENANT } from "../tenants/reserved.ts";
import { parseStatement, type StepEnd } from "./judge.ts";

/** What a sandbox is made of. */
export interface Stage {
  image: Image;
  policy: Policy;
  without: readonly Control[];
}

export interface Program {
  code: string;
  args: string[];
  wallMs: number;
}

export interface ProofSandboxDependencies {
  runtime: ContainerRuntime;
  canary: Pick<PlantedCanary, "tokens" | "trace">;
  clock: Clock;
}

export interface Ran extends StepEnd {
  stdout: string;
  /** It said what is in a file of the host. */
  leaked: boolean;
}

export class ProofSandbox {
  readonly #container: SandboxContainer;
  readonly #traces: SandboxTraces;
  readonly #stage: Stage;
  readonly #deps: ProofSandboxDependencies;

  constructor(
    container: SandboxContainer,
    traces: SandboxTraces,
    stage: Stage,
    deps: ProofSandboxDependencies,
  ) {
    this.#container = container;
    this.#traces = traces;
    this.#stage = stage;
    this.#deps = deps;
  }

  /** Rejects with the signal's reason, and then whatever was being made is removed. */
  static async open(
    stage: Stage,
    deps: ProofSandboxDependencies,
    signal: AbortSignal,
  ): Promise<ProofSandbox> {
    signal.throwIfAborted();
    const { runtime, clock, canary } = deps;
    const id = createSandboxId(clock.now());
    const container = await runtime.create({ id, tenant: PROOF_TENANT, ...stage });
    try {
      signal.throwIfAborted();
      return new ProofSandbox(container, await canary.trace(container.containerId), stage, deps);
    } catch (error) {
      await container.destroy();
      throw error;
    }
  }

  get facts(): SandboxFacts | undefined {
    return this.#container.facts;
  }

  /** Rejects with what `run` of the container rejects with. */
  async run({ code, args, wallMs }: Program, signal: AbortSignal): Promise<Ran> {
    const { policy } = this.#stage;
    const { clock, canary } = this.#deps;
    const limits = { wallMs: Math.min(wallMs, policy.limits.wallMs) };
    const action = actionSchema.parse({ code, args, limits });
    const request = toRunRequest(action, policy, { id: createExecutionId(clock.now()) });
    const report = await this.#container.run(request, { signal });
    signal.throwIfAborted();
    const observation = observe(report);
    const said = Buffer.concat([report.stdout, report.stderr]);
    return {
      statement: parseStatement(report.stdout),
      outcome: observation.outcome,
      detail: detailOf(observation),
      denied: deniedOf(observation),
      stdout: observation.stdout,
      leaked: canary.tokens.some((token) => said.includes(token)),
    };
  }

  /** Tier `cell`: makes it ready for the next run. Resolves to what is still there of the one before. */
  async wipe(): Promise<string[]> {
    return (await this.#container.wipe()).residue;
  }

  /** Resolves when it is gone, to where it was to be seen. */
  async close(): Promise<SandboxTraces> {
    await this.#container.destroy();
    return this.#traces;
  }
}

const MAX_DETAIL = 600;

/** How it ended, with the last it said: what is needed to mend a program that fails. */
const detailOf = ({ outcome, exitCode, evidence, stderr, stdout }: Observation): string => {
  const end = evidence.signal ?? (exitCode === null ? "" : `exit code ${exitCode}`);
  const said = (stderr.trim() || stdout.trim()).slice(-MAX_DETAIL);
  return [`ended as ${outcome}`, end && ` (${end})`, said && `: ${said}`].join("");
};

const deniedOf = ({ denied }: Observation): string[] =>
  denied.calls.map(({ call, argument, count }) => `${call}(${argument}) ×${count}`);
