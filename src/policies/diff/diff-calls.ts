/** Which system calls one policy allows and the other doesn't, whatever tiers and lists say it in. */
import type { SyscallRule } from "../../domain/syscalls.ts";
import { conditionsOf } from "../explain/conditions.ts";
import type { Change } from "./change.ts";

/** For each call the ways in which it is allowed; "" is without a condition. */
const waysOf = (calls: readonly SyscallRule[]): Map<string, Set<string>> => {
  const ways = new Map<string, Set<string>>();
  for (const rule of calls) {
    if (rule.errno !== undefined) continue;
    for (const name of rule.names) ways.set(name, (ways.get(name) ?? new Set()).add(conditionsOf(rule)));
  }
  // A call that is allowed anyhow is not allowed in other ways besides.
  for (const [name, set] of ways) if (set.has("")) ways.set(name, new Set([""]));
  return ways;
};

/** The ways in which calls are refused that are allowed otherwise. */
const refusalsOf = (calls: readonly SyscallRule[]): Set<string> =>
  new Set(
    calls
      .filter(({ args, errno }) => args && errno !== undefined)
      .flatMap((rule) => rule.names.map((name) => say(name, conditionsOf(rule)))),
  );

const say = (name: string, way: string) => (way === "" ? name : `${name} where ${way}`);

export const diffCalls = (before: readonly SyscallRule[], after: readonly SyscallRule[]): Change[] => {
  const was = waysOf(before);
  const is = waysOf(after);
  const only = (these: typeof was, those: typeof was) =>
    [...these].flatMap(([name, ways]) =>
      [...ways].filter((way) => !those.get(name)?.has(way)).map((way) => say(name, way)),
    );
  const refused = refusalsOf(before);
  const refuses = refusalsOf(after);
  return [
    ...[...refused]
      .filter((call) => !refuses.has(call))
      .map((call) => ({
        direction: "loosens" as const,
        field: "syscalls",
        says: `no longer refuses ${call}`,
      })),
    ...[...refuses]
      .filter((call) => !refused.has(call))
      .map((call) => ({
        direction: "tightens" as const,
        field: "syscalls",
        says: `refuses ${call}`,
      })),
    ...only(is, was).map((call) => ({
      direction: "loosens" as const,
      field: "syscalls",
      says: `allows ${call}`,
    })),
    ...only(was, is).map((call) => ({
      direction: "tightens" as const,
      field: "syscalls",
      says: `no longer allows ${call}`,
    })),
  ];
};
