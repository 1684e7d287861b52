/** What can go wrong, each kind with the exit code it ends the program with. */

export const exitCodes = {
  ok: 0,
  /** An attempt escaped, or showed nothing. */
  notProven: 1,
  /** A question about a policy was answered with no. */
  no: 1,
  usage: 2,
  timeLimit: 124,
  fault: 125,
  cancelled: 130,
  killed: 137,
  brokenPipe: 141,
} as const;

/** An error whose message is for people. */
export abstract class CliError extends Error {
  abstract readonly exitCode: number;
}

/** The command line, or a local file it names, is wrong: nothing was sent. */
export class InputError extends CliError {
  override readonly name: string = "InputError";
  readonly exitCode = exitCodes.usage;
  /** A line for each thing that is wrong, where there may be several. */
  readonly details: string[];

  constructor(message: string, details: string[] = []) {
    super(message);
    this.details = details;
  }
}

/** The command line does not fit the command, whose help says more. */
export class UsageError extends InputError {
  override readonly name = "UsageError";
  readonly command: string;

  constructor(message: string, command: string) {
    super(message);
    this.command = command;
  }
}

/** The service cannot be reached, or does not answer as a service does. */
export class ConnectionError extends CliError {
  override readonly name: string = "ConnectionError";
  readonly exitCode = exitCodes.fault;
}

/** There was no answer, or one of something between us and the service: another try may find it. */
export class Unreachable extends ConnectionError {
  override readonly name = "Unreachable";
}

/** A local file cannot be written, or what came for it is broken. */
export class SaveError extends CliError {
  override readonly name = "SaveError";
  readonly exitCode = exitCodes.fault;
}

/** Whoever read our output has gone; as a program that SIGPIPE ends, we say nothing. */
export class BrokenPipe extends CliError {
  override readonly name = "BrokenPipe";
  readonly exitCode = exitCodes.brokenPipe;
}

export interface Problem {
  code: string;
  detail: string;
  retryable: boolean;
  infra: boolean;
  requestId?: string;
  issues?: { field: string; message: string }[];
}

/** The service refused, or failed, and said so. */
export class ProblemError extends CliError {
  override readonly name = "ProblemError";
  readonly exitCode = exitCodes.fault;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.problem = problem;
  }
}

/** What Node's system errors mean to people, without the call that met them. */
export const reasonOf = (error: unknown): string => {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  return systemReasons[code] ?? error.message;
};

const systemReasons: Record<string, string> = {
  ENOENT: "there is no such file or folder",
  EACCES: "permission denied",
  EPERM: "not permitted",
  EISDIR: "it is a folder",
  ENOTDIR: "a part of its path is no folder",
  ENOSPC: "the disk is full",
  EROFS: "the file system is read-only",
  ELOOP: "it is a link",
};
