/** Conditions of a system call rule, in words. */
import type { SyscallRule } from "../../domain/syscalls.ts";

const words = {
  equal: "is",
  not_equal: "is not",
  less: "is less than",
  less_or_equal: "is at most",
  greater: "is more than",
  greater_or_equal: "is at least",
} as const;

type Argument = NonNullable<SyscallRule["args"]>[number];

/** Empty where there are none. */
export const conditionsOf = ({ args = [] }: SyscallRule): string =>
  args.map(inWords).toSorted().join(" and ");

const inWords = ({ index, op, value, mask = 0 }: Argument): string =>
  op === "masked_equal"
    ? `argument ${index} & ${mask} is ${value}`
    : `argument ${index} ${words[op]} ${value}`;

/** undefined where the argument is not known. */
export const holds = (
  { index, op, value, mask = 0 }: Argument,
  known: ReadonlyMap<number, number>,
): boolean | undefined => {
  const given = known.get(index);
  if (given === undefined) return undefined;
  switch (op) {
    case "equal":
      return given === value;
    case "not_equal":
      return given !== value;
    case "less":
      return given < value;
    case "less_or_equal":
      return given <= value;
    case "greater":
      return given > value;
    case "greater_or_equal":
      return given >= value;
    case "masked_equal":
      return (BigInt(given) & BigInt(mask)) === BigInt(value);
  }
};
