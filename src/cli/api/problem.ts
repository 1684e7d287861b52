/** Answers that are no success, as errors. */
import { ConnectionError, type Problem, ProblemError, Unreachable } from "../errors.ts";

export const toProblemError = async (response: Response): Promise<ProblemError | ConnectionError> => {
  const location = response.headers.get("location");
  if (response.status >= 300 && response.status < 400) {
    await response.body?.cancel();
    return new ConnectionError(
      `The service sends on to ${location ?? "another address"}, where the key is not sent: set --url`,
    );
  }
  const text = await response.text().catch(() => "");
  const problem = parseProblem(text);
  if (problem) return new ProblemError(problem);
  const message = `The service answered ${response.status} without saying why: is it Cloche?`;
  return response.status >= 500 ? new Unreachable(message) : new ConnectionError(message);
};

const parseProblem = (text: string): Problem | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return isProblem(value) ? value : undefined;
  } catch {
    return undefined;
  }
};

const isProblem = (value: unknown): value is Problem =>
  typeof value === "object" &&
  value !== null &&
  "code" in value &&
  typeof value.code === "string" &&
  "detail" in value &&
  typeof value.detail === "string";
