/** What the workspace refuses, in words for the caller. What the sandbox itself said is never passed on. */
import { ServiceError } from "../../domain/errors.ts";
import { SandboxFault } from "../../engine/ports/runtime.ts";
import { FileRefused } from "../../engine/ports/sandbox-files.ts";

/** errno(3) of Linux, and what it means for the file it is about. */
const reasons: Record<number, string> = {
  1: "can't be touched: the session has denied it",
  5: "could not be read",
  6: "is a special file",
  7: "has too many entries for one request",
  9: "is not open any more: the sandbox dropped the transfer",
  13: "can't be touched: the session has denied it",
  16: "is in use",
  17: "is there already",
  20: "is no folder, or is below something that is none",
  21: "is a folder",
  22: "is a special file: only regular files are sent",
  24: "has to wait: too many files of this session are open at once",
  26: "is being executed",
  30: "is read-only",
  36: "has a name that is too long",
  39: "is a folder that is not empty; remove it with recursive=true",
  40: "is a link or is below one, and links are not followed",
  116: "was changed while it was read",
};

const FULL = new Set([12, 27, 28, 122]);
const ENOENT = 2;

/** Files that went, or turned into something else, since they were listed. */
const GONE = new Set([ENOENT, 13, 20, 21, 22, 40]);

export const isGone = (error: unknown): boolean => error instanceof FileRefused && GONE.has(error.errno);

/** `path` is the caller's own. What is no refusal and no fault comes back as it is. */
const toFileError = (error: unknown, path: string): unknown => {
  if (error instanceof SandboxFault) {
    return new ServiceError("sandbox_failed", "The session's sandbox did not answer", { cause: error });
  }
  if (!(error instanceof FileRefused)) return error;
  const name = path === "" ? "The workspace" : JSON.stringify(path);
  if (error.errno === ENOENT) return new ServiceError("not_found", `There is no ${name} in the workspace`);
  if (FULL.has(error.errno)) {
    return new ServiceError("payload_too_large", `The workspace is full: ${name} does not fit`);
  }
  const reason = reasons[error.errno] ?? `was refused by the sandbox (errno ${error.errno})`;
  return new ServiceError("file_refused", `${name} ${reason}`);
};

/** Runs one step on a file; what it is refused with is thrown in the caller's words. */
export const onFile = async <Result>(path: string, step: () => Promise<Result>): Promise<Result> => {
  try {
    return await step();
  } catch (error) {
    throw toFileError(error, path);
  }
};
