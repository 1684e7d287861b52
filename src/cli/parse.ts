/** Arguments -> a command with its checked input, by the table of commands. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import {
  type Command,
  type GlobalValues,
  type Group,
  globalOptions,
  type Input,
  type Option,
  type Options,
  type Value,
} from "./command.ts";
import { UsageError } from "./errors.ts";

type Found = { command: Command; path: string[] } | { group: Group; path: string[] } | undefined;

export type Parsed =
  | { kind: "run"; command: Command; input: Input; global: GlobalValues }
  | { kind: "help"; topic: Found }
  | { kind: "version" };

/** Throws UsageError. */
export const parse = (argv: string[], commands: readonly (Command | Group)[]): Parsed => {
  const { found, rest, unknown } = findCommand(argv, commands);
  if (asksFor(argv, "help", "-h")) return { kind: "help", topic: found };
  if (asksFor(argv, "version") && !found) return { kind: "version" };
  const path = ["cloche", ...(found?.path ?? [])].join(" ");
  if (unknown !== undefined) throw new UsageError(`there is no command "${unknown}"`, path);
  if (!found || "group" in found) throw new UsageError("a command is missing", path);

  const { command } = found;
  const { values, words, behind } = readArguments(rest, { ...command.options, ...globalOptions }, path);
  if (behind !== undefined && command.rest === undefined) throw new UsageError("-- is not expected", path);
  const global = pick(values, globalOptions) as GlobalValues;
  const input = {
    values: pick(values, command.options),
    operands: toOperands(command, words, path),
    rest: behind,
  };
  return { kind: "run", command, input, global };
};

/** Names of commands may have options of all commands between them. */
const findCommand = (argv: string[], commands: readonly (Command | Group)[]) => {
  const { tokens } = parseArgs({ args: argv, options: toConfig(globalOptions), strict: false, tokens: true });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? argv.length;
  const words = tokens.filter((token) => token.kind === "positional" && token.index < end);
  const [first, second] = words.map(({ index }) => ({ index, word: argv[index] ?? "" }));
  const without = (...indexes: number[]) => argv.filter((_, i) => !indexes.includes(i));
  if (!first) return { found: undefined, rest: argv };

  const outer = commands.find(({ name }) => name === first.word);
  if (!outer) return { found: undefined, rest: argv, unknown: first.word };
  if (outer.kind === "command") {
    return { found: { command: outer, path: [outer.name] }, rest: without(first.index) };
  }
  const group = { group: outer, path: [outer.name] };
  if (!second) return { found: group, rest: argv };
  const command = outer.commands.find(({ name }) => name === second.word);
  if (!command) return { found: group, rest: argv, unknown: `${outer.name} ${second.word}` };
  return { found: { command, path: [outer.name, command.name] }, rest: without(first.index, second.index) };
};

/** Wherever it stands, whatever else is wrong. */
const asksFor = (argv: string[], name: string, short?: string): boolean => {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).some((word) => word === `--${name}` || word === short);
};

const toConfig = (options: Options): NonNullable<ParseArgsConfig["options"]> =>
  Object.fromEntries(
    Object.entries(options).map(([name, { kind, short }]) => [
      name,
      {
        type: kind === "flag" ? ("boolean" as const) : ("string" as const),
        multiple: kind === "list",
        ...(short === undefined ? {} : { short }),
      },
    ]),
  );

const readArguments = (args: string[], options: Options, path: string) => {
  try {
    const parsed = parseArgs({
      args,
      options: toConfig(options),
      strict: true,
      allowPositionals: true,
      tokens: true,
    });
    const end = parsed.tokens.find(({ kind }) => kind === "option-terminator")?.index;
    const before = parsed.tokens.filter(
      ({ kind, index }) => kind === "positional" && index < (end ?? args.length),
    );
    const values = Object.fromEntries(
      Object.entries(options).map(([name, option]) => [
        name,
        toValue(name, option, parsed.values[name], path),
      ]),
    );
    return {
      values,
      words: before.map(({ index }) => args[index] ?? ""),
      behind: end === undefined ? undefined : args.slice(end + 1),
    };
  } catch (error) {
    if (error instanceof UsageError || !(error instanceof Error)) throw error;
    // What follows the first sentence is advice for another kind of program.
    throw new UsageError((error.message.split(". ")[0] ?? "").split("\n")[0] ?? "", path);
  }
};

const toValue = (name: string, option: Option, raw: unknown, path: string): Value => {
  if (option.kind === "flag") return raw === true;
  if (option.kind === "list") return Array.isArray(raw) ? raw : [];
  if (typeof raw !== "string") return undefined;
  if (option.kind === "number") {
    const number = Number(raw);
    const { min, max = Number.MAX_SAFE_INTEGER } = option;
    if (/^\d{1,16}$/.test(raw) && number >= min && number <= max) return number;
    const range = option.max === undefined ? `from ${min}` : `from ${min} to ${max}`;
    throw new UsageError(`--${name} must be a whole number ${range}, not "${raw}"`, path);
  }
  if (raw === "") throw new UsageError(`--${name} must not be empty`, path);
  checkChoice(`--${name}`, option.choices, raw, path);
  return raw;
};

const toOperands = ({ operands }: Command, words: string[], path: string): Input["operands"] => {
  const named = Object.entries(operands);
  const extra = words[named.length];
  if (extra !== undefined) throw new UsageError(`"${extra}" is more than is expected`, path);
  return Object.fromEntries(
    named.map(([name, { label, need, choices }], i) => {
      const word = words[i];
      if (word === undefined && need === "required") throw new UsageError(`${label} is missing`, path);
      if (word !== undefined) checkChoice(label, choices, word, path);
      return [name, word];
    }),
  );
};

const checkChoice = (
  what: string,
  choices: readonly string[] | undefined,
  given: string,
  path: string,
): void => {
  if (!choices || choices.includes(given)) return;
  throw new UsageError(`${what} must be one of ${choices.join(", ")}, not "${given}"`, path);
};

const pick = (values: Record<string, Value>, options: Options): Record<string, Value> =>
  Object.fromEntries(Object.keys(options).map((name) => [name, values[name]]));
