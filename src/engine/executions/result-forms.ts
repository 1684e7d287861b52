/** A value that a cell showed, in the form in which it is answered. */
import type { ResultForms } from "../../domain/observation.ts";
import type { RunResult } from "../ports/runtime.ts";

const isText = (mime: string) =>
  mime.startsWith("text/") || mime === "application/json" || mime === "image/svg+xml";

export const toResultForms = ({ forms }: RunResult): ResultForms => ({
  forms: Object.fromEntries(
    forms
      .filter(({ truncated, data }) => !truncated || data.length > 0)
      .map(({ mime, data }) => [mime, isText(mime) ? data.toString() : data.toString("base64")]),
  ),
  truncated: forms.some(({ truncated }) => truncated),
});

export const resultData = (result: RunResult): string => JSON.stringify(toResultForms(result));
