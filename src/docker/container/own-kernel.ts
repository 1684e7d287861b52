/** Bounds of the number of processes for sandboxes that have a kernel of their own in front of the host's. */
import type { HostConfig } from "dockerode";
import { hasOwnKernel } from "../../domain/own-kernel.ts";

/** That kernel's own threads on the host, and those it has for each of the sandbox's. */
const KERNEL_THREADS = 192;
const THREADS_OF_ONE = 4;

interface ProcessBounds {
  /** Of the cgroup on the host. */
  pids: number;
  ulimits: NonNullable<HostConfig["Ulimits"]>;
}

/**
 * gVisor ends as a whole when the host refuses it a thread. So the policy's bound is put on the sandbox's user, the
 * only one in there, where it refuses a fork; and the host's bound is wider, for a kernel that was broken into.
 */
export const processBounds = (processes: number, runtime: string): ProcessBounds =>
  hasOwnKernel(runtime)
    ? {
        pids: KERNEL_THREADS + THREADS_OF_ONE * processes,
        ulimits: [{ Name: "nproc", Soft: processes, Hard: processes }],
      }
    : { pids: processes, ulimits: [] };
