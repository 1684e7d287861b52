/** What is worth knowing of a host, from its facts. Pure. */
import { hasOwnKernel } from "../../domain/own-kernel.ts";
import type { Posture, PostureFinding } from "../../domain/posture.ts";
import type { HostFacts } from "../ports/host.ts";
import { findingsOf, isReadable, type KnownBad, unknownVersion } from "./known-bad.ts";
import type { SelfTested } from "./self-test.ts";

/** What versions are held against. */
export interface Standard {
  knownBad: KnownBad[];
  minimum: Posture["minimum"];
  /** Runtimes that policies name. */
  runtimes: readonly string[];
}

/** `tested` is undefined where the self-test is off. */
export const toFindings = (
  facts: HostFacts,
  tested: SelfTested | undefined,
  standard: Standard,
): PostureFinding[] =>
  [
    ...versionFindings(facts, standard),
    ...boundFindings(facts, tested),
    ...hardeningFindings(facts, tested),
    ...(tested ? failedChecks(tested) : [selfTestOff]),
  ].sort((a, b) => rank[a.severity] - rank[b.severity]);

const rank = { error: 0, warning: 1, info: 2 };

const versionFindings = (facts: HostFacts, { knownBad, minimum, runtimes }: Standard): PostureFinding[] => {
  const plugins = facts.authorizationPlugins.length > 0;
  const relevant = knownBad.filter(({ onlyWith }) => onlyWith === undefined || plugins);
  const { runc = null } = facts.runtimes;
  const named = new Set(runtimes);
  const versions: [component: string, version: string | null][] = [
    ["engine", facts.engine.version],
    ["containerd", facts.containerd],
    ["kernel", facts.kernel.version],
    // Under one that is not registered nothing runs, and under one that nobody names neither.
    ...Object.entries(facts.runtimes).filter(([name]) => named.has(name)),
  ];
  return [
    ...versions
      .filter(([, version]) => !isReadable(version))
      .map(([component, version]) => unknownVersion(component, version, minimum)),
    ...findingsOf("engine", facts.engine.version, relevant),
    ...findingsOf("containerd", facts.containerd ?? "", relevant),
    ...findingsOf("runc", runc ?? "", relevant),
    ...findingsOf("kernel", facts.kernel.version, relevant),
  ];
};

const boundFindings = ({ bounds }: HostFacts, tested: SelfTested | undefined): PostureFinding[] => {
  const names = { memory: "memory", processes: "the number of processes" } as const;
  const missing = (["memory", "processes"] as const)
    .filter((name) => !bounds[name])
    .map(
      (name): PostureFinding => ({
        id: `no-${name}-limit`,
        severity: "error",
        message: `The engine says that it can't bound ${names[name]} of a container.`,
        references: [],
        remedy: "Boot the host with this cgroup controller on (cgroup_enable=memory, or cgroup version 2).",
      }),
    );
  const hasSwap = (tested?.host.swapBytes ?? 0) > 0;
  if (!hasSwap || bounds.swap) return missing;
  const swap: PostureFinding = {
    id: "swap-unbounded",
    severity: "warning",
    message: "The host has swap and the engine can't bound a container's use of it.",
    references: [],
    remedy: "Turn swap off, or boot with swapaccount=1.",
  };
  return [...missing, swap];
};

const hardeningFindings = (facts: HostFacts, tested: SelfTested | undefined): PostureFinding[] => {
  const found: PostureFinding[] = [];
  if (tested?.host.landlock === 0 && !hasOwnKernel(tested.selfTest.runtime)) {
    found.push({
      id: "no-landlock",
      severity: "warning",
      message:
        "The kernel has no Landlock: files are guarded by mounts and modes alone, and signals by the PID namespace.",
      references: [],
      remedy: "Use a kernel of 5.13 or newer with landlock in its lsm= list.",
    });
  }
  if (!facts.appArmor && !facts.seLinux) {
    found.push({
      id: "no-mandatory-access-control",
      severity: "info",
      message: "The engine confines containers with neither AppArmor nor SELinux.",
      references: ["CIS Docker 5.2", "CIS Docker 5.3"],
      remedy: "Turn one of them on. Landlock, where the kernel has it, does most of the same for sandboxes.",
    });
  }
  if (facts.userNamespaces === "not_remapped") {
    found.push({
      id: "no-user-namespace",
      severity: "info",
      message:
        "Users of containers are the host's: root in a container is root on the host. Sandboxes have no root.",
      references: [],
      remedy: "Give the engine userns-remap, or run it rootless.",
    });
  }
  if (!facts.engine.liveRestore) {
    found.push({
      id: "no-live-restore",
      severity: "info",
      message: "A restart of the engine ends all sandboxes, sessions among them.",
      references: [],
      remedy: 'Put {"live-restore": true} into the engine\'s configuration.',
    });
  }
  return found;
};

const failedChecks = ({ selfTest }: SelfTested): PostureFinding[] =>
  selfTest.checks
    .filter(({ result, name }) => (result === "fails" || result === "unknown") && !optional.has(name))
    .map(({ name, result, evidence, control }) => ({
      id: `self-test-${name.replaceAll("_", "-")}`,
      severity: "error",
      message: `${name} ${result === "fails" ? "does not hold" : "could not be seen"}: ${evidence}`,
      references: [],
      remedy:
        control === null
          ? "See the evidence; the host or its runtime does not enforce this."
          : `Find out why the host does not put ${control} in force; docs/posture.md has the usual causes.`,
    }));

/** A kernel may lack these; a policy that wants them requires them. */
const optional = new Set(["landlock_in_force", "landlock_scope_in_force"]);

const selfTestOff: PostureFinding = {
  id: "self-test-off",
  severity: "warning",
  message: "No self-test was made at start: nobody knows whether the limits bite on this host.",
  references: [],
  remedy: "Remove CLOCHE_SELF_TEST=off.",
};
