/** Which system calls code may make, by name, as policies, tiers and explanations say it. */
import { z } from "zod";
import { nearest } from "./nearest.ts";
import { machines, numbersOf } from "./syscall-numbers.ts";

const known: ReadonlySet<string> = new Set(machines.flatMap((machine) => [...numbersOf(machine).keys()]));

const unknownCall = (name: string): string => {
  const meant = nearest(name, known);
  return `there is no system call ${name}${meant === undefined ? "" : `; the nearest is ${meant}`}`;
};

/** Of any of the machines: one that has no such call has nothing to allow or to take away. */
export const syscallNameSchema = z
  .string()
  .regex(/^[a-z_][a-z0-9_]*$/, { error: "the name of a system call", abort: true })
  .refine((name) => known.has(name), { error: ({ input }) => unknownCall(String(input)) });

const argumentSchema = z.strictObject({
  index: z.int().min(0).max(5),
  /** `masked_equal`: (argument & mask) === value. */
  op: z.enum(["equal", "not_equal", "less", "less_or_equal", "greater", "greater_or_equal", "masked_equal"]),
  value: z.number().min(0),
  mask: z.number().min(0).optional(),
});

/** Allows, or with `errno` refuses in its own way, the named calls when all of `args` hold. */
export const syscallRuleSchema = z.strictObject({
  names: z.array(syscallNameSchema).min(1),
  args: z.array(argumentSchema).optional(),
  errno: z.int().min(1).max(4095).optional().meta({
    description: "The calls fail with this error instead of EPERM, and are not reported",
  }),
  comment: z.string().optional(),
});
export type SyscallRule = z.infer<typeof syscallRuleSchema>;

/** One kind of call that was denied to a run. */
const deniedCallSchema = z.strictObject({
  call: z
    .string()
    .meta({ description: "Name, or number where the machine's table has no name", example: "socket" }),
  argument: z.string().meta({ description: "The first argument, hexadecimal", example: "0x26" }),
  count: z.int().min(1),
  rule: z.string().meta({
    description: "Which line of the policy denied it",
    example: "syscalls.tier std: not listed",
  }),
});

export const deniedCallsSchema = z
  .strictObject({
    reportedBy: z.enum(["launcher", "none"]).meta({
      description: "launcher: PID 1 of the sandbox, which the kernel asks; none: this host can't tell",
    }),
    total: z.int().min(0),
    calls: z
      .array(deniedCallSchema)
      .meta({ description: "By call and first argument, the most frequent first" }),
    truncated: z.boolean().meta({ description: "There were more kinds than are listed" }),
  })
  .meta({ id: "DeniedCalls" });
export type DeniedCalls = z.infer<typeof deniedCallsSchema>;
