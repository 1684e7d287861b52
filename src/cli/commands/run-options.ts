/** Options and input that commands share which run code, or make where it runs. */
import { isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Options } from "../command.ts";
import type { Context } from "../context.ts";
import { InputError, reasonOf, UsageError } from "../errors.ts";
import type { Run } from "../execution/carry-out.ts";
import { parsePairs, readInput } from "../files/local-input.ts";

/** What a sandbox is made of. */
export const sandboxOptions = {
  image: { kind: "text", value: "NAME", help: "Image; default: the policy's first" },
  policy: { kind: "text", value: "NAME", help: "Policy; default: default" },
} as const satisfies Options;

/** What its code begins with. */
export const beginOptions = {
  file: {
    kind: "list",
    value: "LOCAL[:PATH]",
    complete: "file",
    help: "Put a local file into the workspace; may be given again",
  },
  seed: { kind: "number", min: 0, value: "N", help: "Seed random and numpy.random" },
} as const satisfies Options;

export const runOptions = {
  timeout: {
    kind: "number",
    min: 10,
    value: "MS",
    help: "End it after this many ms; at most what the policy allows",
  },
  stdin: {
    kind: "text",
    value: "FILE",
    complete: "file",
    help: "Its standard input; - hands ours on while it runs",
  },
  env: { kind: "list", value: "NAME=VALUE", help: "Add to its environment; may be given again" },
  output: {
    kind: "list",
    value: "GLOB",
    help: "Bring back files below /workspace; may be given again; quote it",
  },
  "output-dir": {
    kind: "text",
    value: "DIR",
    complete: "folder",
    help: "Save them there, and results that are no text",
  },
} as const satisfies Options;

interface RunValues {
  timeout: number | undefined;
  stdin: string | undefined;
  env: string[];
  output: string[];
  "output-dir": string | undefined;
}

/** Larger ones, and what is no text, are sent while the code runs. */
const MAX_STDIN_IN_ACTION = 8 * 1024 * 1024;

/** The part of an action that these options make. Throws InputError. */
export const readRunValues = async (
  context: Context,
  values: RunValues,
  command: string,
): Promise<{ action: object } & Pick<Run, "stdin" | "outputDir">> => {
  const folder = values["output-dir"];
  // Names come from the sandbox: it is never for them to choose what of the working folder they replace.
  if (values.output.length > 0 && folder === undefined)
    throw new UsageError("--output needs --output-dir", command);
  const stdin = await readStdin(context, values.stdin);
  return {
    action: {
      env: parsePairs(values.env, "--env"),
      outputs: values.output,
      ...(values.timeout === undefined ? {} : { limits: { wallMs: values.timeout } }),
      ...(typeof stdin === "string" ? { stdin } : {}),
      ...(typeof stdin === "object" ? { keepStdin: true } : {}),
    },
    ...(typeof stdin === "object" ? { stdin } : {}),
    ...(folder === undefined ? {} : { outputDir: resolve(context.cwd, folder) }),
  };
};

const readStdin = async (
  context: Context,
  file: string | undefined,
): Promise<string | AsyncIterable<Uint8Array> | undefined> => {
  if (file === undefined) return undefined;
  if (file === "-") return context.stdin;
  const path = resolve(context.cwd, file);
  const found = await stat(path).catch((error: unknown) => {
    throw new InputError(`"${file}" cannot be read: ${reasonOf(error)}`);
  });
  if (found.isFile() && found.size <= MAX_STDIN_IN_ACTION) {
    const bytes = await readInput(context, file);
    if (isUtf8(bytes)) return bytes.toString();
    return (async function* () {
      yield bytes;
    })();
  }
  return createReadStream(path);
};
