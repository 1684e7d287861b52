/** Facts, tests and findings -> the posture that is told, and whether it is enough. Pure. */
import type { Policy } from "../../domain/policy.ts";
import type { Posture, PostureFinding } from "../../domain/posture.ts";
import type { HostFacts } from "../ports/host.ts";
import type { SelfTested } from "./self-test.ts";

export interface Assessed {
  facts: HostFacts;
  /** Undefined where no test was made. */
  tested: SelfTested | undefined;
  findings: PostureFinding[];
  minimum: Posture["minimum"];
  /** The one whose required controls have to hold. */
  policy: Policy;
  /** Of runtimes that were tried. */
  works: ReadonlyMap<string, boolean>;
  now: number;
}

export const assess = (assessed: Assessed): Posture => {
  const { facts, tested, findings, minimum, works, now } = assessed;
  const { engine, kernel, cgroup, userNamespaces, appArmor, seLinux } = facts;
  const host = tested?.host;
  return {
    checkedAt: new Date(now).toISOString(),
    minimum,
    acceptable: isAcceptable(assessed),
    engine,
    runtimes: Object.fromEntries(
      Object.entries(facts.runtimes).map(([name, version]) => [
        name,
        { version, works: works.get(name) ?? null },
      ]),
    ),
    kernel: { ...kernel, landlock: host?.landlock ?? null },
    // The engine says 1 also where version 2 is mounted beside it.
    cgroup: { ...cgroup, version: host?.cgroup === "hybrid" ? "hybrid" : cgroup.version },
    userNamespaces,
    appArmor,
    seLinux,
    swapBytes: host?.swapBytes ?? null,
    findings,
    selfTest: tested?.selfTest ?? null,
  };
};

const isAcceptable = ({ tested, findings, minimum, policy }: Assessed): boolean => {
  if (minimum === "none") return true;
  if (!controlsHold(tested, policy)) return false;
  return minimum === "controls" || findings.every(({ severity }) => severity !== "error");
};

/**
 * What the policy requires, and the bounds that every policy has. A check that has no meaning for the policy says
 * nothing of the host, but each required control has to be seen by one that has.
 */
const controlsHold = (tested: SelfTested | undefined, { require }: Policy): boolean => {
  if (!tested) return false;
  const { checks } = tested.selfTest;
  const asked = checks.filter(({ control }) => control === null || require.includes(control));
  return (
    asked.every(({ result }) => result === "holds" || result === "not_applicable") &&
    require.every((control) => asked.some((check) => check.control === control && check.result === "holds"))
  );
};
