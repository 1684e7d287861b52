import { route, routeOfFile } from "../api/route.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { UsageError } from "../errors.ts";
import { carryOut } from "../execution/carry-out.ts";
import { type FileContent, readCode, readFiles } from "../files/local-input.ts";
import { beginOptions, readRunValues, runOptions, sandboxOptions } from "./run-options.ts";

export const run = defineCommand({
  name: "run",
  summary: "Run a Python file and print what it prints, as it prints it",
  notes: `The exit code is the program's own. Where it has none: 124 after a time limit, 137 after a memory limit, 128 and
the number of the signal that ended it, 130 where it was cancelled. 125 is a fault of the service or of the way
to it, 2 a wrong command line. Ctrl-C ends the run on the service too.`,
  operands: { file: { label: "FILE|-", need: "required", complete: "file" } },
  rest: "ARGS",
  options: {
    ...sandboxOptions,
    session: { kind: "text", value: "ID", help: "Run in the interpreter of this session" },
    fresh: { kind: "flag", help: "With --session: in a process of its own in the session's workspace" },
    ...beginOptions,
    ...runOptions,
  },
  async run(context, { values, operands, rest }) {
    const { session } = values;
    if (operands.file === "-" && values.stdin === "-") {
      throw new UsageError("standard input can't be both the code and --stdin", "cloche run");
    }
    if (session === undefined && values.fresh) throw new UsageError("--fresh needs --session", "cloche run");
    for (const name of ["image", "policy", "seed"] as const) {
      if (session !== undefined && values[name] !== undefined) {
        throw new UsageError(
          `--${name} is the session's own: it can't be given with --session`,
          "cloche run",
        );
      }
    }
    const { action, ...more } = await readRunValues(context, values, "cloche run");
    const code = await readCode(context, operands.file);
    const files = await readFiles(context, values.file);
    const common = { ...action, code, args: rest ?? [] };
    if (session === undefined) {
      const { image, policy, seed } = values;
      const whole = { ...common, files, image, policy, seed };
      return carryOut(context, { path: "/v1/executions", action: whole, stops: ["cancel"], ...more });
    }
    await putFiles(context, session, files);
    return carryOut(context, {
      path: route`/v1/sessions/${session}/executions`,
      action: { ...common, fresh: values.fresh },
      stops: ["interrupt", "cancel"],
      ...more,
    });
  },
});

/** A session's files are its own: an action in it brings none. */
const putFiles = async (context: Context, session: string, files: Record<string, FileContent>) => {
  for (const [path, content] of Object.entries(files)) {
    const bytes = typeof content === "string" ? Buffer.from(content) : Buffer.from(content.base64, "base64");
    const response = await context.api().request({
      method: "PUT",
      path: routeOfFile(session, path),
      headers: { "content-type": "application/octet-stream" },
      body: async () => new Uint8Array(bytes),
    });
    await response.body?.cancel();
  }
};
