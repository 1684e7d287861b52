/** Errors for people, and for programs with --json. */
import type { Context } from "./context.ts";
import {
  BrokenPipe,
  CliError,
  exitCodes,
  InputError,
  type Problem,
  ProblemError,
  reasonOf,
  UsageError,
} from "./errors.ts";
import { escapeText, toJson } from "./terminal/escape.ts";

/** Returns the exit code. */
export const reportError = async (
  { err, json }: Pick<Context, "err" | "json">,
  error: unknown,
): Promise<number> => {
  const code = error instanceof CliError ? error.exitCode : exitCodes.fault;
  if (error instanceof BrokenPipe) return code;
  if (json) await err.line(toJson({ error: toProblem(error) }));
  else for (const line of linesOf(error)) await err.note(line);
  return code;
};

const linesOf = (error: unknown): string[] => {
  if (error instanceof ProblemError) return problemLines(error.problem);
  const line = `cloche: ${escapeText(reasonOf(error))}`;
  if (error instanceof UsageError) return [line, `See: ${error.command} --help`];
  return error instanceof InputError
    ? [line, ...error.details.map((detail) => `  ${escapeText(detail)}`)]
    : [line];
};

export const problemLines = ({ code, detail, retryable, requestId, issues }: Problem): string[] => [
  `cloche: ${escapeText(detail)} (${escapeText(code)})`,
  ...(issues ?? []).map(({ field, message }) => `  ${escapeText(field)}: ${escapeText(message)}`),
  ...(retryable ? ["  Trying again later may work"] : []),
  ...(code === "internal" && requestId ? [`  Request ${escapeText(requestId)}`] : []),
];

const toProblem = (error: unknown): Partial<Problem> & { details?: string[] } => {
  if (error instanceof ProblemError) return error.problem;
  const code = error instanceof CliError ? codes[error.name] : undefined;
  return {
    code: code ?? "internal",
    detail: reasonOf(error),
    ...(error instanceof InputError && error.details.length > 0 ? { details: error.details } : {}),
    retryable: error instanceof CliError && error.name === "Unreachable",
  };
};

const codes: Record<string, string> = {
  InputError: "invalid_input",
  UsageError: "usage",
  ConnectionError: "connection",
  Unreachable: "connection",
  SaveError: "not_saved",
};
