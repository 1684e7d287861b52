/** The program over a process that is given to it: parse, run, report. */
import { readFileSync } from "node:fs";
import { Api } from "./api/client.ts";
import type { GlobalValues } from "./command.ts";
import { commands } from "./commands.ts";
import type { Context, Host } from "./context.ts";
import { exitCodes } from "./errors.ts";
import { helpOf, helpOfCommand, helpOfGroup } from "./help.ts";
import { type Parsed, parse } from "./parse.ts";
import { reportError } from "./report-error.ts";
import { readSettings } from "./settings.ts";
import { Output } from "./terminal/output.ts";

/** Returns the exit code; never throws. */
export const runCli = async (argv: string[], host: Host): Promise<number> => {
  // Before anything is parsed: an error has to be told in the way that was asked for.
  const json = before(argv, "--json");
  const noColor = Boolean(host.env["NO_COLOR"]) || host.env["TERM"] === "dumb" || before(argv, "--no-color");
  const out = new Output(host.stdout, !noColor);
  const err = new Output(host.stderr, !noColor);
  try {
    if (argv.length === 0) {
      await err.write(helpOf(commands));
      return exitCodes.usage;
    }
    const parsed = parse(argv, commands);
    if (parsed.kind === "version") await out.line(`cloche ${readVersion()}`);
    else if (parsed.kind === "help") await out.write(helpFor(parsed));
    else return await parsed.command.run(toContext(host, parsed.global, { out, err, json }), parsed.input);
    return exitCodes.ok;
  } catch (error) {
    return await reportError({ err, json }, error).catch(() => exitCodes.brokenPipe);
  }
};

const toContext = (
  host: Host,
  global: GlobalValues,
  more: Pick<Context, "out" | "err" | "json">,
): Context => {
  const { stdin, cwd, env, onStop, times } = host;
  let api: Api | undefined;
  return {
    stdin,
    cwd,
    env,
    onStop,
    times,
    ...more,
    api: () => {
      api ??= new Api({ ...readSettings(global, host), times });
      return api;
    },
  };
};

const helpFor = ({ topic }: Extract<Parsed, { kind: "help" }>): string => {
  if (!topic) return helpOf(commands);
  return "group" in topic ? helpOfGroup(topic.group) : helpOfCommand(topic.command, topic.path);
};

const before = (argv: string[], flag: string): boolean => {
  const end = argv.indexOf("--");
  return (end < 0 ? argv : argv.slice(0, end)).includes(flag);
};

const readVersion = (): string => {
  const file = new URL("../../package.json", import.meta.url);
  const { version }: { version: string } = JSON.parse(readFileSync(file, "utf8"));
  return version;
};
