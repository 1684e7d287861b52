/** A real sandbox of this machine's engine, under a tier or without system call filters, and what runs in it. */
import { randomUUID } from "node:crypto";
import type Docker from "dockerode";
import { DockerRuntime } from "../../src/docker/docker-runtime.ts";
import type { DockerSandbox } from "../../src/docker/docker-sandbox.ts";
import { createSandboxId } from "../../src/domain/ids.ts";
import type { Image } from "../../src/domain/image.ts";
import type { Policy } from "../../src/domain/policy.ts";
import { baseEnvironment } from "../../src/engine/executions/to-run-request.ts";
import type { RunReport, RunRequest } from "../../src/engine/ports/runtime.ts";
import { loadPolicies } from "../../src/policies/load-policies.ts";
import { loadSyscallTier } from "../../src/policies/syscall-tiers.ts";
import { systemClock } from "../../src/system-clock.ts";
import { policiesFolder } from "./paths.ts";

const ORPHAN_MS = 120_000;
/** Room for a tracer, under which every call takes some hundred times longer. */
const WALL_MS = 240_000;

/** The name of a tier, or no filter at all. */
export type Under = string | "unconfined";

export interface OpenSandbox {
  containerId: string;
  /** `script`: in a process of its own. `cell`: in the one interpreter. */
  run(code: string, mode?: "script" | "cell"): Promise<RunReport>;
}

/** Makes a session's sandbox, lets `use` run what it likes in it, and removes it. */
export const inSandbox = async <T>(
  { docker, image, under }: { docker: Docker; image: Image; under: Under },
  use: (sandbox: OpenSandbox) => Promise<T>,
): Promise<T> => {
  const policy = policyUnder(under, image);
  const runtime = new DockerRuntime({
    docker,
    instance: `tiers-${randomUUID()}`,
    policiesFolder,
    clock: systemClock,
    orphanMs: ORPHAN_MS,
  });
  const sandbox = await runtime.create({
    id: createSandboxId(Date.now()),
    tenant: "tiers",
    image,
    policy,
    ...(under === "unconfined" ? { without: ["seccomp", "syscall_tier"] as const } : {}),
  });
  try {
    let opened = false;
    return await use({
      containerId: sandbox.containerId,
      run: async (code, mode = "script") => {
        if (!opened) await sandbox.openSession({ env: { ...baseEnvironment }, seed: null });
        opened = true;
        return await runOnce(sandbox, toRequest(code, mode, policy));
      },
    });
  } finally {
    await sandbox.destroy();
  }
};

/** How a run ended: the exit code, or a signal's number below zero. */
export const exitOf = ({ end }: RunReport): number | string | null => {
  if (end.kind !== "launcher") return `${end.kind}: ${end.cause}`;
  const { signal, exitCode } = end.evidence;
  return signal === null ? exitCode : -signal;
};

const runOnce = async (sandbox: DockerSandbox, request: RunRequest): Promise<RunReport> => {
  const report = await sandbox.run(request, { signal: AbortSignal.timeout(WALL_MS) });
  sandbox.forget(request.id);
  return report;
};

const policyUnder = (under: Under, image: Image): Policy => {
  const policy = loadPolicies(policiesFolder).find(({ name }) => name === "default");
  if (!policy) throw new Error("policies/default.yaml is missing");
  const limits = { ...policy.limits, wallMs: WALL_MS, cpuMs: WALL_MS, memoryMiB: 1536, processes: 256 };
  const room = { ...policy, images: [image.name], limits };
  if (under === "unconfined") return room;
  const calls = loadSyscallTier(policiesFolder, under).map(({ rule }) => rule);
  return { ...room, syscalls: { tier: under, add: [], remove: [] }, calls };
};

const toRequest = (code: string, mode: RunRequest["mode"], { limits }: Policy): RunRequest => ({
  id: `exe_${randomUUID()}`,
  mode,
  code: Buffer.from(code),
  argv: [],
  stdin: Buffer.from("a line\n"),
  keepStdin: false,
  args: [],
  env: {},
  files: [],
  outputs: [],
  limits,
  seed: null,
  name: "<execution>",
});
