import { route } from "../../api/route.ts";
import { defineCommand } from "../../command.ts";
import { UsageError } from "../../errors.ts";
import { carryOut } from "../../execution/carry-out.ts";
import { readCode } from "../../files/local-input.ts";
import { readRunValues, runOptions } from "../run-options.ts";

export const sessionExec = defineCommand({
  name: "exec",
  summary: "Run code in a session's interpreter, or a program beside it",
  notes: `CODE is Python; - reads it from standard input. The value of its last expression is printed as well. What stands
behind -- is sys.argv of the code, or, where there is no code, a program and its arguments. Exit codes are those of
cloche run. The first Ctrl-C interrupts the code and keeps the session's state, the second one ends it.`,
  operands: {
    session: { label: "SESSION", need: "required" },
    code: { label: "CODE|-", need: "optional" },
  },
  rest: "ARGV",
  options: {
    file: { kind: "text", value: "F", complete: "file", help: "Read the code from this file" },
    shell: { kind: "text", value: "LINE", help: "Run a line of /bin/sh" },
    fresh: { kind: "flag", help: "Run the code in a process of its own in the same workspace" },
    ...runOptions,
  },
  async run(context, { values, operands, rest }) {
    const usage = (message: string) => new UsageError(message, "cloche session exec");
    const ways = [operands.code, values.file, values.shell].filter((way) => way !== undefined);
    if (ways.length > 1) throw usage("give one of CODE, --file and --shell");
    const program = ways.length === 0 ? rest : undefined;
    if (ways.length === 0 && !program?.length) throw usage("give CODE, --file, --shell or -- and a program");
    if (values.fresh && (program || values.shell !== undefined))
      throw usage("--fresh is for Python code only");
    const codeFile = operands.code === "-" ? "-" : values.file;
    if (codeFile === "-" && values.stdin === "-") {
      throw usage("standard input can't be both the code and --stdin");
    }

    const { action, ...more } = await readRunValues(context, values, "cloche session exec");
    const code = codeFile === undefined ? operands.code : await readCode(context, codeFile);
    const whole = {
      ...action,
      ...(code === undefined ? {} : { code, fresh: values.fresh }),
      ...(values.shell === undefined ? {} : { shell: values.shell }),
      ...(program === undefined ? { args: rest ?? [] } : { argv: program }),
    };
    return carryOut(context, {
      path: route`/v1/sessions/${operands.session}/executions`,
      action: whole,
      stops: ["interrupt", "cancel"],
      ...more,
    });
  },
});
