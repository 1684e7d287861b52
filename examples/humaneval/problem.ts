/** One of HumanEval's 164 problems, as the data file has it. */
import { gunzipSync } from "node:zlib";
import { z } from "zod";

const problemSchema = z.object({
  task_id: z.string(),
  /** Imports, helpers, and the signature and docstring of the function asked for. */
  prompt: z.string(),
  entry_point: z.string(),
  /** The function's body, indented. */
  canonical_solution: z.string(),
  /** Defines `check(candidate)`. */
  test: z.string(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Reads gzipped JSON lines. Throws when a line is no problem. */
export const parseProblems = (gzipped: Buffer): Problem[] =>
  gunzipSync(gzipped)
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "")
    .map((line) => problemSchema.parse(JSON.parse(line)));
