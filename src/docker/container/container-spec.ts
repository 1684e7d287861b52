/**
 * Policy -> what the engine is asked to create. Pure, and the most security-critical mapping of
 * the service: every layer of isolation that the engine gives is asked for here and nowhere else.
 */
import { maskedPaths, readonlyPaths } from "../../domain/masked-paths.ts";
import type { SandboxSpec } from "../../engine/ports/runtime.ts";
import type { Programs } from "../seccomp/program.ts";
import type { EngineSpec } from "./engine-spec.ts";
import { labels } from "./labels.ts";
import { leaveOut } from "./leave-out.ts";
import { processBounds } from "./own-kernel.ts";
import { encodeRights, toRights } from "./rights.ts";

const MiB = 1024 * 1024;

/** What the host and this process add to a policy. */
export interface HostFacts {
  instance: string;
  /** The cores to pin the sandbox to, for example "0" or "0,1". */
  cpuset: string;
  /** An own uid keeps the kernel's per-user limits of sandboxes apart. */
  uid: number;
  /** The seccomp profile in the engine's format, cut to this machine's architecture. */
  seccompProfile: string;
  /** The filters that each cell puts on itself. */
  programs: Programs;
  /** The launcher ends when it hears nothing for this long. */
  orphanMs: number;
}

export const toContainerSpec = (spec: SandboxSpec, host: HostFacts): EngineSpec => {
  const whole = { engine: toEngineSpec(spec, host), rights: toRights(spec.policy, host.programs) };
  const { engine, rights } = spec.without?.length ? leaveOut(whole, spec.without) : whole;
  return { ...engine, Cmd: ["--orphan-ms", String(host.orphanMs), "--rights", encodeRights(rights)] };
};

const toEngineSpec = ({ id, tenant, image, policy }: SandboxSpec, host: HostFacts): EngineSpec => {
  const { limits, determinism } = policy;
  const bounds = processBounds(limits.processes, policy.isolation.runtime);
  // noexec also stops mapping a file as code; inodes are bounded because each costs kernel memory.
  const tmpfs = (sizeMiB: number, mode: string) =>
    `rw,nosuid,nodev,noexec,noatime,size=${sizeMiB}m,nr_inodes=${limits.inodes},mode=${mode},uid=${host.uid},gid=${host.uid}`;
  return {
    name: `cloche-${id}`,
    Image: image.digest,
    // For the interpreter: hash order and core count are the same for every run.
    Env: [`PYTHONHASHSEED=${determinism.hashSeed}`, `PYTHON_CPU_COUNT=${limits.cpus}`],
    User: `${host.uid}:${host.uid}`,
    WorkingDir: "/",
    Hostname: "sandbox",
    Domainname: "",
    AttachStdin: true,
    AttachStdout: true,
    AttachStderr: true,
    OpenStdin: true,
    // The launcher outlives its stream, for the service's next process; when none comes it ends by itself.
    StdinOnce: false,
    Tty: false,
    NetworkDisabled: true,
    StopSignal: "SIGKILL",
    Healthcheck: { Test: ["NONE"] },
    Labels: {
      [labels.instance]: host.instance,
      [labels.sandbox]: id,
      [labels.tenant]: tenant,
      [labels.policy]: policy.digest,
    },
    HostConfig: {
      Runtime: policy.isolation.runtime,
      NetworkMode: "none",
      IpcMode: "none",
      CgroupnsMode: "private",
      Privileged: false,
      ReadonlyRootfs: true,
      CapDrop: ["ALL"],
      SecurityOpt: ["no-new-privileges:true", `seccomp=${host.seccompProfile}`],
      MaskedPaths: [...maskedPaths],
      ReadonlyPaths: [...readonlyPaths],
      Tmpfs: {
        "/workspace": tmpfs(limits.workspaceMiB, "0700"),
        "/tmp": tmpfs(limits.tmpMiB, "1777"),
        "/dev/shm": tmpfs(limits.sharedMemoryMiB, "1777"),
      },
      Memory: limits.memoryMiB * MiB,
      // Equal to Memory: no swap.
      MemorySwap: limits.memoryMiB * MiB,
      PidsLimit: bounds.pids,
      CpusetCpus: host.cpuset,
      // The host's own processes survive a sandbox that eats the machine's memory.
      OomScoreAdj: 500,
      Ulimits: [
        ...bounds.ulimits,
        { Name: "core", Soft: 0, Hard: 0 },
        { Name: "nofile", Soft: limits.openFiles, Hard: limits.openFiles },
        { Name: "fsize", Soft: limits.fileSizeMiB * MiB, Hard: limits.fileSizeMiB * MiB },
        { Name: "memlock", Soft: 0, Hard: 0 },
        { Name: "msgqueue", Soft: 0, Hard: 0 },
        { Name: "rtprio", Soft: 0, Hard: 0 },
      ],
      // A sandbox's output goes to its service and never to the host's disk.
      LogConfig: { Type: "none", Config: {} },
      RestartPolicy: { Name: "no" },
      AutoRemove: false,
    },
  };
};
