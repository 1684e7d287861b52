/** Checks a document against the published schema of SARIF 2.1.0. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";

const text = readFileSync(join(import.meta.dirname, "sarif-2.1.0-rtm.5.json"), "utf8");

/** Where it says uri-reference, relative ones are meant too, which zod takes for broken addresses. */
const schema = z.fromJSONSchema(
  JSON.parse(text, (key, value: unknown) =>
    key === "format" && value === "uri-reference" ? undefined : value,
  ),
);

/** Empty where it is SARIF. */
export const sarifErrors = (document: unknown): string[] =>
  schema.safeParse(document).error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
