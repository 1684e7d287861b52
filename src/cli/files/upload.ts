/** Local files into a workspace. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { basename, resolve } from "node:path";
import { Readable } from "node:stream";
import { route, routeOfFile } from "../api/route.ts";
import type { Context } from "../context.ts";
import { InputError, reasonOf } from "../errors.ts";
import { printDocument } from "../terminal/document.ts";
import { escapeText } from "../terminal/escape.ts";
import { packFolder } from "./pack-folder.ts";
import type { WorkspaceRef } from "./workspace-ref.ts";

/** `-` is standard input. */
export const upload = async (context: Context, source: string, target: WorkspaceRef): Promise<number> => {
  const local = source === "-" ? undefined : await look(context, source);
  if (local?.found.isDirectory()) throw new InputError(`"${source}" is a folder: copy it with -r`);
  if (!local && target.asFolder) throw new InputError("Standard input needs the name of a file to go to");
  const path = target.asFolder
    ? [target.path, basename(source)].filter((part) => part !== "").join("/")
    : target.path;
  const mode = local ? { mode: (local.found.mode & 0o777).toString(8) } : {};
  const response = await context.api().request({
    method: "PUT",
    path: routeOfFile(target.session, path),
    query: mode,
    headers: { "content-type": "application/octet-stream" },
    body: async () => toBody(local ? createReadStream(local.path) : context.stdin),
    once: !local,
  });
  return printDocument(context, await response.json(), async () => {});
};

/** `-` is a tar archive on standard input. */
export const uploadFolder = async (
  context: Context,
  source: string,
  target: WorkspaceRef,
): Promise<number> => {
  const local = source === "-" ? undefined : await look(context, source);
  if (local && !local.found.isDirectory()) throw new InputError(`"${source}" is no folder`);
  const skipped: string[] = [];
  const pack = (folder: string) => {
    skipped.length = 0;
    return Readable.from(packFolder(folder, (path, why) => skipped.push(`${path} was left out: ${why}`)));
  };
  const response = await context.api().request({
    method: "PUT",
    path: route`/v1/sessions/${target.session}/files`,
    query: { path: target.path === "" ? undefined : target.path },
    headers: { "content-type": "application/x-tar" },
    body: async () => toBody(local ? pack(local.path) : context.stdin),
    once: !local,
  });
  for (const line of skipped) await context.err.note(`cloche: ${escapeText(line)}`);
  return printDocument(context, await response.json(), async () => {});
};

const look = async ({ cwd }: Context, name: string) => {
  const path = resolve(cwd, name);
  try {
    return { path, found: await stat(path) };
  } catch (error) {
    throw new InputError(`"${name}" cannot be read: ${reasonOf(error)}`);
  }
};

const toBody = (stream: Readable) => Readable.toWeb(stream) as ReadableStream<Uint8Array>;
