/** Which system calls get out of the sandbox at all, as the engine takes it: what a cell may, and what the launcher needs. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import type { Machine } from "../../domain/syscall-numbers.ts";
import { type SyscallRule, syscallRuleSchema } from "../../domain/syscalls.ts";

const architectures: Record<Machine, string> = {
  x86_64: "SCMP_ARCH_X86_64",
  aarch64: "SCMP_ARCH_AARCH64",
};

const operators = {
  equal: "SCMP_CMP_EQ",
  not_equal: "SCMP_CMP_NE",
  less: "SCMP_CMP_LT",
  less_or_equal: "SCMP_CMP_LE",
  greater: "SCMP_CMP_GT",
  greater_or_equal: "SCMP_CMP_GE",
  masked_equal: "SCMP_CMP_MASKED_EQ",
} as const;

const ENOSYS = 38;

const launcherSchema = z.strictObject({ rules: z.array(syscallRuleSchema).min(1) });

/** policies/seccomp/launcher.yaml. */
export const loadLauncherCalls = (policiesFolder: string): SyscallRule[] => {
  const file = join(policiesFolder, "seccomp", "launcher.yaml");
  return launcherSchema.parse(parse(readFileSync(file, "utf8"), { uniqueKeys: true })).rules;
};

/**
 * Only the machine's own architecture is named, so the kernel kills whoever uses another one's numbers (i386, x32).
 * What isn't listed is left to a tracer that nobody can be: the kernel then refuses with ENOSYS. An error would
 * be stronger than the question of a cell's own filter, and nobody would learn of what was denied. What is refused
 * by its arguments is left to that filter, too: an engine can't say "unless" of a call that it allows.
 */
export const toEngineProfile = (calls: SyscallRule[], launcher: SyscallRule[], machine: Machine): string => {
  const needed = new Set(launcher.filter(({ errno }) => errno === undefined).flatMap(({ names }) => names));
  // An error of the policy's own would hold for the launcher too; the cell's filter has it anyway.
  const outer = calls.map((rule) =>
    rule.errno === undefined ? rule : { ...rule, names: rule.names.filter((name) => !needed.has(name)) },
  );
  return JSON.stringify({
    defaultAction: "SCMP_ACT_TRACE",
    architectures: [architectures[machine]],
    syscalls: [...outer, ...launcher]
      // What fails with ENOSYS does so without a rule; gVisor takes EPERM for every error that a rule names.
      .filter(({ names, args, errno }) => names.length > 0 && errno !== ENOSYS && !(args && errno))
      .map(toEngineRule),
  });
};

const toEngineRule = ({ names, args, errno }: SyscallRule) => ({
  names,
  action: errno === undefined ? "SCMP_ACT_ALLOW" : "SCMP_ACT_ERRNO",
  ...(errno === undefined ? {} : { errnoRet: errno }),
  ...(args ? { args: args.map(toEngineArgument) } : {}),
});

const toEngineArgument = ({ index, op, value, mask }: NonNullable<SyscallRule["args"]>[number]) =>
  op === "masked_equal"
    ? { index, op: operators[op], value: mask ?? 0, valueTwo: value }
    : { index, op: operators[op], value };
