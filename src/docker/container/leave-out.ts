/**
 * Takes controls out of what a sandbox would be made with, for what proves that they are needed: an attempt has to
 * succeed without the control that stops it, or it shows nothing. Pure; never for a caller's code.
 */
import type { HostConfig } from "dockerode";
import type { Control } from "../../domain/controls.ts";
import type { EngineSpec } from "./engine-spec.ts";
import type { Rights } from "./rights.ts";

export interface Confinement {
  engine: EngineSpec;
  rights: Rights;
}

type Ulimit = NonNullable<HostConfig["Ulimits"]>[number];

const remove: Record<Control, (made: Confinement) => void> = {
  seccomp: ({ engine: { HostConfig } }) => {
    HostConfig.SecurityOpt = securityOptions(HostConfig, "seccomp=").concat("seccomp=unconfined");
  },
  syscall_tier: ({ rights }) => {
    rights.seccomp = null;
  },
  landlock: ({ rights }) => {
    rights.landlock = null;
  },
  landlock_scope: ({ rights }) => {
    if (rights.landlock) rights.landlock = { ...rights.landlock, scope: [] };
  },
  not_dumpable: ({ rights }) => {
    rights.dumpable = true;
  },
  no_new_privileges: ({ engine: { HostConfig } }) => {
    HostConfig.SecurityOpt = securityOptions(HostConfig, "no-new-privileges");
  },
  no_capabilities: ({ engine: { HostConfig } }) => {
    delete HostConfig.CapDrop;
  },
  non_root: ({ engine }) => {
    engine.User = "0:0";
    const mounts = Object.entries(engine.HostConfig.Tmpfs ?? {});
    const owned = mounts.map(([path, options]) => [path, options.replace(/,[ug]id=\d+/g, "")]);
    engine.HostConfig.Tmpfs = Object.fromEntries(owned);
  },
  read_only_root: ({ engine: { HostConfig } }) => {
    HostConfig.ReadonlyRootfs = false;
  },
  no_network: ({ engine }) => {
    engine.NetworkDisabled = false;
    engine.HostConfig.NetworkMode = "host";
  },
  memory: ({ engine: { HostConfig } }) => {
    HostConfig.Memory = HostConfig.MemorySwap = 0;
  },
  no_swap: ({ engine: { HostConfig } }) => {
    HostConfig.MemorySwap = -1;
  },
  processes: ({ engine: { HostConfig } }) => {
    HostConfig.PidsLimit = 0;
    HostConfig.Ulimits = HostConfig.Ulimits?.filter(({ Name }: Ulimit) => Name !== "nproc");
  },
  cpus: ({ engine: { HostConfig } }) => {
    HostConfig.CpusetCpus = "";
  },
  file_limits: ({ engine: { HostConfig }, rights }) => {
    HostConfig.Ulimits = HostConfig.Ulimits?.filter(({ Name }: Ulimit) => Name === "nproc");
    rights.limits = {};
  },
};

const securityOptions = ({ SecurityOpt = [] }: HostConfig, without: string): string[] =>
  SecurityOpt.filter((option: string) => !option.startsWith(without));

/**
 * The kernel lets only those put filters and rules on themselves who can't gain privileges any more; and an engine
 * that puts its filter on for such a one does so before it drops what the filter then forbids it to drop.
 */
const needNoNewPrivileges: Control[] = ["seccomp", "syscall_tier", "landlock", "landlock_scope"];

/** What goes with what is left out. */
export const withDependents = (without: readonly Control[]): Control[] => [
  ...new Set([
    ...without,
    ...(without.includes("no_new_privileges") ? needNoNewPrivileges : []),
    ...(without.includes("landlock") ? (["landlock_scope"] as const) : []),
    ...(without.includes("memory") ? (["no_swap"] as const) : []),
  ]),
];

export const leaveOut = (made: Confinement, without: readonly Control[]): Confinement => {
  const copy = structuredClone(made);
  for (const control of withDependents(without)) remove[control](copy);
  return copy;
};
