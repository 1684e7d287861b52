/** Local files and standard input that a command was told to read. */
import { isUtf8 } from "node:buffer";
import { readFile } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { buffer } from "node:stream/consumers";
import type { Context } from "../context.ts";
import { InputError, reasonOf } from "../errors.ts";

/** `-` is standard input. Throws InputError. */
export const readInput = async (context: Pick<Context, "stdin" | "cwd">, file: string): Promise<Buffer> => {
  try {
    return file === "-" ? await buffer(context.stdin) : await readFile(resolve(context.cwd, file));
  } catch (error) {
    throw new InputError(`"${file}" cannot be read: ${reasonOf(error)}`);
  }
};

/** Source code is text. */
export const readCode = async (context: Pick<Context, "stdin" | "cwd">, file: string): Promise<string> => {
  const bytes = await readInput(context, file);
  if (!isUtf8(bytes)) throw new InputError(`"${file}" is not UTF-8`);
  return bytes.toString();
};

export type FileContent = string | { base64: string };

/** `LOCAL[:PATH]`: what is put where; PATH is the file's own name where it is not there. */
export const readFiles = async (
  context: Pick<Context, "stdin" | "cwd">,
  specs: string[],
): Promise<Record<string, FileContent>> => {
  const files: [path: string, content: FileContent][] = [];
  for (const spec of specs) {
    const colon = spec.indexOf(":");
    const local = colon < 0 ? spec : spec.slice(0, colon);
    const path = colon < 0 ? basename(local) : spec.slice(colon + 1);
    if (local === "" || path === "" || local === "-") {
      throw new InputError(`--file must be LOCAL or LOCAL:PATH, not "${spec}"`);
    }
    const bytes = await readInput(context, local);
    files.push([path, isUtf8(bytes) ? bytes.toString() : { base64: bytes.toString("base64") }]);
  }
  return Object.fromEntries(files);
};

/** NAME=VALUE, any number of them. */
export const parsePairs = (pairs: string[], option: string): Record<string, string> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      if (equals < 1) throw new InputError(`${option} must be NAME=VALUE, not "${pair}"`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
