/** Help, as the table of commands says it. */
import { type Command, type Group, globalOptions, type Options } from "./command.ts";

export const helpOf = (commands: readonly (Command | Group)[]): string =>
  sections(
    "Usage: cloche [OPTIONS] COMMAND",
    "Runs Python in throwaway sandboxes of a Cloche service.",
    list(
      "Commands",
      commands.map(({ name, summary }) => [name, summary]),
    ),
    optionsOf("Options of all commands", globalOptions),
    "Settings from the environment: CLOCHE_URL, CLOCHE_API_KEY, CLOCHE_KEY_FILE, CLOCHE_SIGNING_KEY_FILE, NO_COLOR.\nMore of a command: cloche COMMAND --help",
  );

export const helpOfGroup = ({ name, summary, commands }: Group): string =>
  sections(
    `Usage: cloche ${name} COMMAND`,
    summary,
    list(
      "Commands",
      commands.map((command) => [command.name, command.summary]),
    ),
    optionsOf("Options of all commands", globalOptions),
  );

export const helpOfCommand = (command: Command, path: string[]): string =>
  sections(
    `Usage: ${usageOf(command, path)}`,
    command.summary,
    command.notes ?? "",
    optionsOf("Options", command.options),
    optionsOf("Options of all commands", globalOptions),
  );

const usageOf = ({ operands, options, rest }: Command, path: string[]): string =>
  [
    "cloche",
    ...path,
    ...(Object.keys(options).length > 0 ? ["[OPTIONS]"] : []),
    ...Object.values(operands).map(({ label, need, choices }) => {
      const shown = choices?.join("|") ?? label;
      return need === "optional" ? `[${shown}]` : shown;
    }),
    ...(rest === undefined ? [] : [`[-- ${rest}]`]),
  ].join(" ");

const optionsOf = (title: string, options: Options): string =>
  list(
    title,
    Object.entries(options).map(([name, { short, value, help, choices }]) => [
      `${short === undefined ? "" : `-${short}, `}--${name}${value === undefined ? "" : ` ${value}`}`,
      choices === undefined ? help : `${help}: ${choices.join(", ")}`,
    ]),
  );

const list = (title: string, rows: string[][]): string => {
  if (rows.length === 0) return "";
  const widest = Math.max(...rows.map(([name = ""]) => name.length));
  return [`${title}:`, ...rows.flatMap(([name = "", text = ""]) => row(name, text, widest + 4))].join("\n");
};

const WIDTH = 100;

const row = (name: string, text: string, indent: number): string[] => {
  const lines: string[] = [];
  let line = `  ${name}`.padEnd(indent);
  for (const word of text.split(" ")) {
    const next = line.length === indent ? line + word : `${line} ${word}`;
    if (next.length <= WIDTH || line.length === indent) line = next;
    else {
      lines.push(line);
      line = " ".repeat(indent) + word;
    }
  }
  return [...lines, line];
};

const sections = (...parts: string[]): string => `${parts.filter((part) => part !== "").join("\n\n")}\n`;
