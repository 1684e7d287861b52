/** Output files of a run and rich results, below a folder. Their names are the sandbox's. */
import { join } from "node:path";
import type { Observation } from "../api/types.ts";
import { saveFile } from "../files/save-file.ts";

/** Returns what was written. */
export const saveOutputs = async (
  folder: string,
  files: Observation["outputs"]["files"],
): Promise<string[]> => {
  const saved: string[] = [];
  for (const { path, text, base64 } of files) {
    const content = text === undefined ? Buffer.from(base64 ?? "", "base64") : Buffer.from(text);
    await saveFile(folder, path, [content]);
    saved.push(join(folder, path));
  }
  return saved;
};

/** What a file of this form is called, and how the service sends it. */
const richForms: Record<string, { ending: string; encoding: "utf8" | "base64" }> = {
  "text/html": { ending: "html", encoding: "utf8" },
  "text/markdown": { ending: "md", encoding: "utf8" },
  "text/latex": { ending: "tex", encoding: "utf8" },
  "application/json": { ending: "json", encoding: "utf8" },
  "image/svg+xml": { ending: "svg", encoding: "utf8" },
  "image/png": { ending: "png", encoding: "base64" },
  "image/jpeg": { ending: "jpg", encoding: "base64" },
};

/** `number`: of the result's event, by which it is called. Returns what was written; forms that are not known are left. */
export const saveResult = async (
  folder: string,
  number: number,
  forms: Record<string, string>,
): Promise<{ form: string; file: string }[]> => {
  const saved: { form: string; file: string }[] = [];
  for (const [form, data] of Object.entries(forms)) {
    const known = Object.hasOwn(richForms, form) ? richForms[form] : undefined;
    if (!known) continue;
    const name = `result-${number}.${known.ending}`;
    await saveFile(folder, name, [Buffer.from(data, known.encoding)]);
    saved.push({ form, file: join(folder, name) });
  }
  return saved;
};
