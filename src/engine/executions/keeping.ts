/** What of an execution its policy lets the store have, and for how long. Whoever asked for it gets all of it. */
import type { Execution } from "../../domain/execution.ts";
import { type Policy, type RedactablePart, redactableParts } from "../../domain/policy.ts";
import type { Timeline } from "../ports/stores.ts";

const HOUR_MS = 3_600_000;

/** Of a policy that nobody knows any more nothing is kept that any policy may drop. */
export const partsToDrop = (policy: Pick<Policy, "redaction"> | undefined): readonly RedactablePart[] =>
  policy?.redaction.drop ?? redactableParts;

/** undefined where it is kept as long as the service keeps any. */
export const keepUntil = (
  createdAt: string,
  policy: Pick<Policy, "retention"> | undefined,
): number | undefined => {
  const hours = policy?.retention.hours ?? null;
  return hours === null ? undefined : Date.parse(createdAt) + hours * HOUR_MS;
};

interface Kept {
  execution: Execution;
  timeline: Timeline;
}

/** Returns the same execution where nothing of it is to be dropped. */
export const dropParts = (kept: Kept, parts: readonly RedactablePart[]): Kept => {
  if (parts.length === 0) return kept;
  const { execution, timeline } = kept;
  const { stdout, stdoutBase64, stderr, stderrBase64, results, outputs, ...rest } = execution.observation;
  const has = (part: RedactablePart) => !parts.includes(part);
  const observation = {
    ...rest,
    ...(has("stdout") ? { stdout, ...(stdoutBase64 === undefined ? {} : { stdoutBase64 }) } : { stdout: "" }),
    ...(has("stderr") ? { stderr, ...(stderrBase64 === undefined ? {} : { stderrBase64 }) } : { stderr: "" }),
    results: has("results") ? results : [],
    outputs: has("outputs") ? outputs : { files: [], skipped: [] },
  };
  const files = has("outputs") ? 0 : outputs.files.length;
  return {
    execution: { ...execution, observation, redacted: [...parts] },
    timeline: withoutPieces(timeline, parts, files),
  };
};

/** What a timeline begins with whose execution is not kept whole. It is no event. */
export const LEFT_OUT = "!";

/** An event that is not kept still has its number: whoever comes back for the rest finds it under the same ones. */
export const NOT_KEPT = "-";

const partOfCode: Record<string, RedactablePart> = {
  o: "stdout",
  O: "stdout",
  e: "stderr",
  E: "stderr",
  r: "results",
};

const withoutPieces = (timeline: Timeline, parts: readonly RedactablePart[], files: number): Timeline => {
  const codes = timeline.split(" ").filter(Boolean);
  const left = codes.map((code) => {
    const part = partOfCode[code.charAt(0)];
    return part !== undefined && parts.includes(part) ? NOT_KEPT : code;
  });
  return [LEFT_OUT, ...left, ...Array.from({ length: files }, () => NOT_KEPT)].join(" ") as Timeline;
};
