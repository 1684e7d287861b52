/** Entries of a workspace as they are answered. Their names are the session's: anything a file can be called. */
import { z } from "@hono/zod-openapi";
import { entryTypes } from "../../engine/ports/sandbox-files.ts";

export const fileEntrySchema = z
  .object({
    path: z.string().meta({ description: "Relative to the workspace", example: "data/in.csv" }),
    pathBase64: z
      .string()
      .optional()
      .meta({ description: "The name's bytes where they are not UTF-8; path then has U+FFFD for them" }),
    type: z
      .enum(entryTypes)
      .meta({ description: "Links are never followed; other: a pipe, socket or device" }),
    bytes: z.number(),
    modifiedMs: z.number().meta({ description: "Milliseconds since 1970, as the session's code left it" }),
    mode: z.int().meta({ description: "Permission bits: 420 is rw-r--r--" }),
  })
  .meta({ id: "FileEntry" });

export const fileListSchema = z.object({
  items: z.array(fileEntrySchema),
  nextCursor: z.string().nullable().meta({ description: "For the next page; null on the last" }),
});

/** Characters that a terminal obeys or that change the order in which a line is shown. */
const UNSAFE = /[\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** JSON that a terminal can show: the same value, with hostile characters of names escaped. */
export const toSafeJson = (value: unknown): string =>
  JSON.stringify(value).replace(
    UNSAFE,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

/** Where a page ended; opaque to callers. */
export const toCursor = (path: string): string => Buffer.from(path).toString("base64url");

/** undefined where it is none of ours. */
export const fromCursor = (cursor: string): string | undefined => {
  const path = Buffer.from(cursor, "base64url").toString();
  return path !== "" && toCursor(path) === cursor ? path : undefined;
};
