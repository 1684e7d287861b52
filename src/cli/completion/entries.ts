/** The table of commands as shells need it: a flat list of what can stand behind each command. */
import { type Command, type Group, globalOptions, type Operand, type Options } from "../command.ts";

export type Tree = readonly (Command | Group)[];

export interface Entry {
  /** "" for the program itself, "session exec" for a command of a group. */
  path: string;
  /** Names of commands that can follow, with their summaries. */
  commands: { name: string; summary: string }[];
  options: OptionEntry[];
  operands: Operand[];
  /** Files may stand behind `--`. */
  rest: boolean;
}

export interface OptionEntry {
  name: string;
  short: string | undefined;
  help: string;
  takesValue: boolean;
  repeats: boolean;
  choices: readonly string[];
  complete: "file" | "folder" | undefined;
}

export const toEntries = (tree: Tree): Entry[] => {
  const common = toOptions(globalOptions);
  const ofCommand = (command: Command, above: string): Entry => ({
    path: `${above}${command.name}`,
    commands: [],
    options: [...toOptions(command.options), ...common],
    operands: Object.values(command.operands),
    rest: command.rest !== undefined,
  });
  const bare = (path: string, commands: Tree): Entry => ({
    path,
    commands: commands.map(({ name, summary }) => ({ name, summary })),
    options: common,
    operands: [],
    rest: false,
  });
  return [
    bare("", tree),
    ...tree.flatMap((item) =>
      item.kind === "command"
        ? [ofCommand(item, "")]
        : [
            bare(item.name, item.commands),
            ...item.commands.map((command) => ofCommand(command, `${item.name} `)),
          ],
    ),
  ];
};

const toOptions = (options: Options): OptionEntry[] =>
  Object.entries(options).map(([name, { kind, short, help, choices, complete }]) => ({
    name,
    short,
    help,
    takesValue: kind !== "flag",
    repeats: kind === "list",
    choices: choices ?? [],
    complete,
  }));

/** Every option that takes a value, in any command: the word behind it is no command. */
export const optionsWithValue = (entries: Entry[]): string[] => [
  ...new Set(
    entries.flatMap(({ options }) =>
      options
        .filter(({ takesValue }) => takesValue)
        .flatMap(({ name, short }) => [`--${name}`, ...(short === undefined ? [] : [`-${short}`])]),
    ),
  ),
];

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
