/** Names of files in a workspace, as callers write them. */
import { z } from "zod";

/** Half of a surrogate pair is no text: it could not be sent on as it is. */
const isText = (value: string) => value.isWellFormed();

const PART = "(?!\\.{1,2}(/|$))[^/\\\\\\u0000-\\u001f\\u007f]{1,255}";

/** What of the rules a JSON schema can say; the bound of a part is in bytes, where this counts characters. */
export const pathForm = { minLength: 1, maxLength: 1024, pattern: `^${PART}(/${PART}){0,31}$` };

export const workspacePath = z
  .string()
  .min(1)
  .max(1024)
  .refine((value) => !value.split("/").some((part) => part === "" || part === "." || part === ".."), {
    message: "must be relative, without empty, . or .. parts",
  })
  .refine((value) => value.split("/").every((part) => Buffer.byteLength(part) <= 255), {
    message: "must have parts of at most 255 bytes",
  })
  // biome-ignore lint/suspicious/noControlCharactersInRegex: refusing them is the point
  .refine((value) => !/[\u0000-\u001f\u007f\\]/.test(value) && isText(value), {
    message: "must not have control characters, backslashes or broken UTF-16",
  })
  .refine((value) => value.split("/").length <= 32, { message: "must be at most 32 levels deep" });
