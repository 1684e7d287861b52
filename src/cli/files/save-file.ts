/**
 * Writing what a sandbox named below a local folder. A name can't leave it, nor can a link in it lead elsewhere, and what
 * broke off half-way leaves nothing.
 */
import { randomUUID } from "node:crypto";
import { lstat, mkdir, open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { reasonOf, SaveError } from "../errors.ts";

export type Content = AsyncIterable<Uint8Array> | Iterable<Uint8Array>;

export const saveFile = async (
  root: string,
  path: string,
  content: Content,
  executable = false,
): Promise<void> => {
  const parts = partsOf(path);
  const folder = await folderBelow(root, parts.slice(0, -1));
  const target = join(folder, parts.at(-1) ?? "");
  const there = await lstat(target).catch(() => undefined);
  if (there && !there.isFile()) throw new SaveError(`"${path}" is there and is no regular file`);
  await writeBeside(target, content, executable);
};

/** Makes the folder, and those above it; an empty path is the root itself. */
export const saveFolder = async (root: string, path: string): Promise<void> => {
  await folderBelow(root, path === "" ? [] : partsOf(path));
};

/** Writes to a name beside the target's and puts it in place when it is whole. */
export const writeBeside = async (target: string, content: Content, executable = false): Promise<void> => {
  const part = join(dirname(target), `.${randomUUID()}.part`);
  try {
    await using file = await open(part, "wx", executable ? 0o777 : 0o666);
    for await (const chunk of content) await file.writeFile(chunk);
    await rename(part, target);
  } catch (error) {
    await rm(part, { force: true });
    throw error instanceof Error && "syscall" in error
      ? new SaveError(`"${target}" cannot be written: ${reasonOf(error)}`, { cause: error })
      : error;
  }
};

/** For what takes long to make: throws SaveError where it could not be written in the end. */
export const assertWritable = async (target: string): Promise<void> => {
  const there = await lstat(target).catch(() => undefined);
  if (there?.isDirectory()) throw new SaveError(`"${target}" cannot be written: it is a folder`);
  const part = join(dirname(target), `.${randomUUID()}.part`);
  try {
    await using _ = await open(part, "wx");
  } catch (error) {
    throw new SaveError(`"${target}" cannot be written: ${reasonOf(error)}`, { cause: error });
  }
  await rm(part);
};

const folderBelow = async (root: string, parts: string[]): Promise<string> => {
  await make(root, true);
  let folder = root;
  for (const part of parts) {
    folder = join(folder, part);
    await make(folder, false);
    const made = await lstat(folder);
    if (!made.isDirectory()) throw new SaveError(`"${folder}" is there and is no folder`);
  }
  return folder;
};

const make = async (folder: string, recursive: boolean): Promise<void> => {
  try {
    await mkdir(folder, { recursive });
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EEXIST" && !recursive) return;
    throw new SaveError(`"${folder}" cannot be made: ${reasonOf(error)}`, { cause: error });
  }
};

const partsOf = (path: string): string[] => {
  const parts = path.split("/");
  const bad = parts.some((part) => part === "" || part === "." || part === "..");
  if (bad || path.includes("\0") || path.includes("\\")) {
    throw new SaveError(`"${path}" is no name to save a file under`);
  }
  return parts;
};
