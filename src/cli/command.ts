/** What a command is. One table of these is parsed, printed as help and turned into shell completion. */
import type { Context } from "./context.ts";

interface Described {
  help: string;
  /** What stands for the value in help, for example MS. */
  value?: string;
  short?: string;
  choices?: readonly string[];
  complete?: "file" | "folder";
}

export type Option = Described &
  ({ kind: "flag" } | { kind: "text" } | { kind: "list" } | { kind: "number"; min: number; max?: number });
export type Options = Readonly<Record<string, Option>>;

export interface Operand {
  label: string;
  need: "required" | "optional";
  choices?: readonly string[];
  complete?: "file" | "folder";
}
/** In the order in which they are written. */
export type Operands = Readonly<Record<string, Operand>>;

type ValueOf<O extends Option> = O extends { kind: "flag" }
  ? boolean
  : O extends { kind: "number" }
    ? number | undefined
    : O extends { kind: "list" }
      ? string[]
      : string | undefined;

export interface Input<O extends Options = Options, P extends Operands = Operands> {
  values: Options extends O ? Record<string, Value> : { [K in keyof O]: ValueOf<O[K]> };
  operands: Operands extends P
    ? Record<string, string | undefined>
    : { [K in keyof P]: P[K] extends { need: "required" } ? string : string | undefined };
  /** What stands behind `--`; undefined where there is no `--`. */
  rest: string[] | undefined;
}
export type Value = boolean | number | string | string[] | undefined;

interface CommandOf<O extends Options, P extends Operands> {
  name: string;
  summary: string;
  /** More than a line can say. */
  notes?: string;
  operands: P;
  options: O;
  /** What may stand behind `--`, for example ARGS. */
  rest?: string;
  /** Returns the exit code. */
  run(context: Context, input: Input<O, P>): Promise<number>;
}

export interface Command extends CommandOf<Options, Operands> {
  kind: "command";
}

export interface Group {
  kind: "group";
  name: string;
  summary: string;
  commands: readonly Command[];
}

export const defineCommand = <const O extends Options, const P extends Operands>(
  command: CommandOf<O, P>,
): Command => ({
  ...command,
  kind: "command",
  // The parser makes the input by this very table.
  run: (context, input) => command.run(context, input as unknown as Input<O, P>),
});

export const defineGroup = (name: string, summary: string, commands: readonly Command[]): Group => ({
  kind: "group",
  name,
  summary,
  commands,
});

/** Options of every command. */
export const globalOptions = {
  url: { kind: "text", value: "URL", help: "The service (CLOCHE_URL; default http://127.0.0.1:8080)" },
  "key-file": {
    kind: "text",
    value: "FILE",
    complete: "file",
    help: "File with the API key (CLOCHE_API_KEY, CLOCHE_KEY_FILE; default .cloche/api-key)",
  },
  json: { kind: "flag", help: "Print JSON; for run, exec and logs one event a line" },
  "no-color": { kind: "flag", help: "No colours; they are used on terminals only" },
  help: { kind: "flag", short: "h", help: "Print this text" },
  version: { kind: "flag", help: "Print the version" },
} as const satisfies Options;
export type GlobalValues = Input<typeof globalOptions>["values"];
