/** Files of a workspace onto this machine. */
import { realpath, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { causeOf } from "../api/client.ts";
import { route, routeOfFile } from "../api/route.ts";
import type { Context } from "../context.ts";
import { CliError, ConnectionError, exitCodes, InputError, SaveError } from "../errors.ts";
import { escapeText } from "../terminal/escape.ts";
import { readTar } from "./read-tar.ts";
import { saveFile, saveFolder, writeBeside } from "./save-file.ts";
import type { WorkspaceRef } from "./workspace-ref.ts";

/** `-` is standard output. */
export const download = async (context: Context, source: WorkspaceRef, target: string): Promise<number> => {
  if (source.path === "") throw new InputError("The workspace is a folder: copy it with -r");
  const path = routeOfFile(source.session, source.path);
  const response = await context.api().request({ method: "GET", path, headers: { accept: "*/*" } });
  const content = bodyOf(response);
  if (target === "-") for await (const chunk of content) await context.out.write(chunk);
  else await writeBeside(await fileFor(context, target, basename(source.path)), content);
  return exitCodes.ok;
};

/** `-` is a tar archive on standard output. */
export const downloadFolder = async (
  context: Context,
  source: WorkspaceRef,
  target: string,
): Promise<number> => {
  const response = await context.api().request({
    method: "GET",
    path: route`/v1/sessions/${source.session}/files`,
    query: { path: source.path === "" ? undefined : source.path },
    headers: { accept: "application/x-tar" },
  });
  const content = bodyOf(response);
  if (target === "-") for await (const chunk of content) await context.out.write(chunk);
  else await unpack(context, content, resolve(context.cwd, target));
  const skipped = Number(response.headers.get("x-cloche-skipped") ?? 0);
  if (skipped > 0) await context.err.note(`cloche: ${skipped} links, devices and the like were left out`);
  return exitCodes.ok;
};

const unpack = async (context: Context, archive: AsyncIterable<Uint8Array>, root: string): Promise<void> => {
  for await (const { path, type, executable, content } of readTar(archive)) {
    if (type === "file") await saveFile(root, path, content, executable);
    else if (type === "folder") await saveFolder(root, path === "." ? "" : path);
    else await context.err.note(`cloche: ${escapeText(path)} was left out: it is no regular file`);
  }
};

/** The file that a local name means, with `name` in it where it is a folder. */
const fileFor = async ({ cwd }: Context, target: string, name: string): Promise<string> => {
  const path = resolve(cwd, target);
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory()) return join(path, name);
  if (target.endsWith("/")) throw new SaveError(`"${target}" is no folder`);
  // Something would be put in its place: a device must stay one.
  if (found && !found.isFile()) throw new SaveError(`"${target}" is no regular file; - is standard output`);
  return found ? await realpath(path) : path;
};

/** What breaks off is an error, and never a short file. */
async function* bodyOf(response: Response): AsyncGenerator<Uint8Array> {
  try {
    if (response.body) yield* response.body;
  } catch (error) {
    throw error instanceof CliError
      ? error
      : new ConnectionError(`The download broke off: ${causeOf(error)}`);
  }
}
