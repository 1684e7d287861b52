/** What is worth a line on stderr of an execution that ended. */
import type { Execution } from "../api/types.ts";
import { escapeText } from "../terminal/escape.ts";

export const summaryOf = ({ observation, session }: Execution): string[] => {
  const { outcome, truncated, outputs } = observation;
  return [
    ...(outcome === "ok" ? [] : [`${outcome}${circumstance(observation)}`]),
    ...(truncated.stdout ? ["stdout was cut at its bound"] : []),
    ...(truncated.stderr ? ["stderr was cut at its bound"] : []),
    ...outputs.skipped.map(({ path, reason }) => `${path} did not come back: ${reason}`),
    ...(session?.stateLost ? ["the interpreter's state is lost; the session goes on with a new one"] : []),
  ].map(escapeText);
};

const circumstance = ({ outcome, exitCode, evidence, usage }: Execution["observation"]): string => {
  if (outcome.endsWith("_limit")) return ` after ${Math.round(usage.wallMs)} ms`;
  if (outcome === "signalled") return ` by ${evidence.signal ?? "a signal"}`;
  const exception = evidence.reported?.exception;
  if (outcome === "exception" && exception) return `: ${exception}`;
  return exitCode === null || outcome === "cancelled" ? "" : `: exit code ${exitCode}`;
};
