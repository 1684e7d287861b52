/** Turns what zod found into a problem that names each field and what was expected there. */
import type { z } from "@hono/zod-openapi";
import { ServiceError } from "../domain/errors.ts";

const MAX_ISSUES = 20;
const MAX_NAME = 100;

type Result = { success: true } | { success: false; error: { issues: z.core.$ZodIssue[] } };

/** Throws `invalid_request` when the request doesn't fit its schema. */
export const invalidRequest = (result: Result): undefined => {
  if (result.success) return;
  const issues = result.error.issues.flatMap((issue) => toIssues(issue, [])).slice(0, MAX_ISSUES);
  const fields = [...new Set(issues.map(({ field }) => field))].join(", ");
  throw new ServiceError("invalid_request", `The request is wrong in: ${fields}`, { issues });
};

const toIssues = (issue: z.core.$ZodIssue, above: PropertyKey[]): { field: string; message: string }[] => {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => ({ field: toField([...path, key]), message: "There is no such field" }));
  }
  if (issue.code === "invalid_key") {
    return issue.issues.map(({ message }) => ({ field: toField(path), message: `The name ${message}` }));
  }
  if (issue.code === "invalid_union") {
    // The way that got furthest says best what was meant.
    const furthest = issue.errors.toSorted((a, b) => depth(b) - depth(a))[0] ?? [];
    const nested = furthest.flatMap((inner) => toIssues(inner, path));
    if (nested.length > 0) return nested;
  }
  return [{ field: toField(path), message: issue.message }];
};

const depth = (issues: z.core.$ZodIssue[]) => Math.max(0, ...issues.map(({ path }) => path.length));

/** `files["a/b.txt"].base64`, so that a name with dots or slashes stays one name. */
const toField = (path: PropertyKey[]): string =>
  path.reduce<string>((field, key) => {
    if (typeof key === "number") return `${field}[${key}]`;
    const name = String(key).slice(0, MAX_NAME);
    if (!/^[A-Za-z_]\w*$/.test(name)) return `${field}[${JSON.stringify(name)}]`;
    return field === "" ? name : `${field}.${name}`;
  }, "") || "(body)";
