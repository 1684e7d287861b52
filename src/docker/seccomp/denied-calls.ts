/** What a launcher counted, in numbers -> what a caller reads, in words. */
import { z } from "zod";
import type { Policy } from "../../domain/policy.ts";
import { type Machine, nameOf } from "../../domain/syscall-numbers.ts";
import type { DeniedCalls } from "../../domain/syscalls.ts";

/** Kinds that a launcher keeps, and one more for each call there is. */
const MAX_KINDS = 64 + 1024;
const count = z.int().min(0);

/** As the kernel asked the launcher. */
export const rawDeniedSchema = z.strictObject({
  reported: z.boolean(),
  total: count,
  calls: z
    .array(
      z.strictObject({
        nr: z.int().min(0).max(0xffffffff),
        argument: z.string().regex(/^0x[0-9a-f]{1,16}$/),
        count: z.int().min(1),
      }),
    )
    .max(MAX_KINDS),
  truncated: z.boolean(),
});
export type RawDenied = z.infer<typeof rawDeniedSchema>;

/** Names each call, and the line of the policy that denied it. */
export const toDeniedCalls = (
  { reported, total, calls, truncated }: RawDenied,
  policy: Pick<Policy, "syscalls" | "calls">,
  machine: Machine | undefined,
): DeniedCalls => ({
  reportedBy: reported ? "launcher" : "none",
  total,
  calls: calls
    .map(({ nr, argument, count }) => {
      const call = (machine && nameOf(machine, nr)) ?? String(nr);
      return { call, argument, count, rule: ruleAbout(call, policy) };
    })
    .sort((a, b) => b.count - a.count),
  truncated,
});

const ruleAbout = (call: string, { syscalls, calls }: Pick<Policy, "syscalls" | "calls">): string => {
  if (syscalls.remove.includes(call)) return `syscalls.remove: ${call}`;
  if (syscalls.add.some(({ names }) => names.includes(call))) return `syscalls.add: arguments of ${call}`;
  const isListed = calls.some(({ names }) => names.includes(call));
  return `syscalls.tier ${syscalls.tier}: ${isListed ? "arguments" : "not listed"}`;
};
