/** What zod has to say of a policy, one line for each field that is wrong. */
import type { z } from "zod";
import type { Path } from "./located.ts";

interface FieldIssue {
  path: Path;
  message: string;
}

type Issue = z.core.$ZodIssue;

export const toIssues = (error: z.ZodError): FieldIssue[] =>
  error.issues.flatMap((issue) => flatten(issue, []));

const flatten = (issue: Issue, above: Path): FieldIssue[] => {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ path: [...path, key], message: "there is no such field" }));
  }
  if (issue.code === "invalid_union") {
    // The branch that was meant: the one that got furthest into the value.
    const [best] = issue.errors.toSorted((a, b) => depthOf(b) - depthOf(a));
    if (best && depthOf(best) > 0) return best.flatMap((inner) => flatten(inner, path));
  }
  return [{ path, message: inWords(issue) }];
};

const kinds: Record<string, string> = {
  object: "a map",
  record: "a map",
  array: "a list",
  string: "a text",
  number: "a number",
  int: "a whole number",
};

const inWords = (issue: Issue): string => {
  switch (issue.code) {
    case "invalid_type":
      return `must be ${kinds[issue.expected] ?? issue.expected}`;
    case "invalid_value":
      return `must be ${issue.values.length > 1 ? "one of " : ""}${issue.values.map(String).join(", ")}`;
    case "too_small":
      return `must ${sizeOf(issue.origin, `at least ${issue.minimum}`)}`;
    case "too_big":
      return `must ${sizeOf(issue.origin, `at most ${issue.maximum}`)}`;
    default:
      return issue.message;
  }
};

const sizeOf = (origin: string, bound: string): string => {
  if (origin === "array") return `have ${bound} in its list`;
  return origin === "string" ? `have ${bound} characters` : `be ${bound}`;
};

const depthOf = (issues: readonly Issue[]): number =>
  Math.max(0, ...issues.map(({ path, code }) => path.length + (code === "unrecognized_keys" ? 1 : 0)));
