import { escapeCalls } from "../../domain/escape-calls.ts";
import type { Policy } from "../../domain/policy.ts";
import type { RunReport } from "../ports/runtime.ts";

/**
 * Why a sandbox must not serve another cell after this run, or undefined. Any kill, limit, memory event,
 * process that outlived its program, or denied call of that kind is enough: a new container is cheap.
 */
export const doubtAbout = (
  report: RunReport | undefined,
  cellsSoFar: number,
  { isolation }: Pick<Policy, "isolation">,
): string | undefined => {
  if (report?.end.kind !== "launcher") return "nobody knows how its run ended";
  const { evidence } = report.end;
  if (evidence.killedBy !== null) return `its run was killed: ${evidence.killedBy}`;
  if (evidence.signal !== null) return `its run ended by signal ${evidence.signal}`;
  if (evidence.oomKills !== 0) return "the kernel killed for memory";
  if (evidence.refusedForks !== 0) return "it met the limit of processes";
  if (evidence.stragglers > 0) return "processes outlived the program";
  if (evidence.denied.truncated) return "more was denied than was kept";
  const attempt = evidence.denied.calls.find(({ call }) => escapeCalls.has(call));
  if (attempt) return `a denied call: ${attempt.call}`;
  if (cellsSoFar >= isolation.cells) return "it has served as many cells as the policy lets it";
  return;
};
