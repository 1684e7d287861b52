import { createExecutionId, createSandboxId } from "../../domain/ids.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Posture } from "../../domain/posture.ts";
import { baseEnvironment } from "../executions/to-run-request.ts";
import type { Clock } from "../ports/clock.ts";
import type { ContainerRuntime } from "../ports/runtime.ts";
import { SELF_TEST_TENANT } from "../tenants/reserved.ts";
import { judgeChecks } from "./checks.ts";
import {
  type AllProbed,
  type Bounds,
  type Probe,
  type Probed,
  parseBounds,
  probes,
  toQuickPolicy,
} from "./self-test-parts.ts";

const MAX_REASON = 1_000;

export interface SelfTestDependencies {
  runtime: Pick<ContainerRuntime, "create">;
  clock: Clock;
}

export interface SelfTested {
  selfTest: NonNullable<Posture["selfTest"]>;
  /** What only somebody inside can tell of the host. */
  host: { swapBytes: number | null; cgroup: string | null; landlock: number | null };
}

/**
 * Makes sandboxes of the policy and lets a program of ours meet its bounds in each. Never rejects: what can't be
 * made or breaks is in the checks. All sandboxes are gone when it resolves.
 */
export const runSelfTest = async (
  image: Image,
  policy: Policy,
  deps: SelfTestDependencies,
): Promise<SelfTested> => {
  const quick = toQuickPolicy(policy);
  const carried = Object.entries(probes(quick)).map(
    async ([name, probe]) => [name, await carry(probe, image, quick, deps)] as const,
  );
  const probed = Object.fromEntries(await Promise.all(carried)) as AllProbed;
  return {
    selfTest: {
      at: new Date(deps.clock.now()).toISOString(),
      policy: policy.name,
      runtime: policy.isolation.runtime,
      checks: judgeChecks(probed, quick),
    },
    host: hostOf(parseBounds(probed.bounds), probed.bounds),
  };
};

/** Whether a sandbox of the policy can be made and its launcher answers. Rejects with the reason why not. */
export const tryOne = async (image: Image, policy: Policy, deps: SelfTestDependencies): Promise<void> => {
  const id = createSandboxId(deps.clock.now());
  const container = await deps.runtime.create({ id, tenant: SELF_TEST_TENANT, image, policy });
  await container.destroy();
};

const carry = async (
  { code, args, limits }: Probe,
  image: Image,
  policy: Policy,
  { runtime, clock }: SelfTestDependencies,
): Promise<Probed> => {
  try {
    const id = createSandboxId(clock.now());
    const container = await runtime.create({ id, tenant: SELF_TEST_TENANT, image, policy });
    try {
      const report = await container.run(
        {
          id: createExecutionId(clock.now()),
          mode: "script",
          code,
          argv: [],
          stdin: Buffer.alloc(0),
          keepStdin: false,
          args,
          env: { ...baseEnvironment },
          files: [],
          outputs: [],
          limits,
          seed: null,
          name: "",
        },
        { signal: new AbortController().signal },
      );
      return { facts: container.facts, report };
    } finally {
      await container.destroy();
    }
  } catch (error) {
    return { error: reasonsOf(error).slice(0, MAX_REASON) };
  }
};

/** For whoever runs the host: also what callers are not told. */
const reasonsOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  return error.cause === undefined ? error.message : `${error.message}: ${reasonsOf(error.cause)}`;
};

const hostOf = (bounds: Bounds | undefined, probed: Probed): SelfTested["host"] => {
  const landlock = "error" in probed ? null : (probed.facts?.landlock ?? null);
  const host = bounds?.host;
  if (!host || "error" in host) return { swapBytes: null, cgroup: null, landlock };
  return { ...host, landlock };
};
