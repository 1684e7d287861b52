/** The routes of a session's files as the OpenAPI document has them. */
import { createRoute, z } from "@hono/zod-openapi";
import { idSchema } from "../../domain/ids.ts";
import { pathForm } from "../../domain/workspace-path.ts";
import { problemResponses } from "../problem.ts";
import { fileEntrySchema, fileListSchema } from "./entry-json.ts";

const security = [{ apiKey: [] }];
const tags = ["files"];
const bytes = z.any().openapi({ type: "string", format: "binary" });
const octets = { "application/octet-stream": { schema: bytes } };
const tar = { "application/x-tar": { schema: bytes } };
const json = <Schema extends z.ZodType>(schema: Schema) => ({ "application/json": { schema } });

const sessionParams = z.object({ id: idSchema });
/** Checked where it is decoded, in request-path.ts. */
const fileParams = sessionParams.extend({
  path: z.string().meta({
    ...pathForm,
    description:
      "Relative to the workspace, with / between folders, as it is or as %2F. Each name percent-encoded, UTF-8; no control characters, backslashes, empty, . or .. parts; at most 1,024 characters, 255 bytes in a name and 32 levels",
    example: "data/in.csv",
  }),
});

const flag = z
  .enum(["true", "false"])
  .default("false")
  .transform((value) => value === "true");

const folder = z
  .string()
  .max(1024)
  .default("")
  .meta({ pattern: `^$|${pathForm.pattern}`, description: "A folder; the workspace without it" });

const readProblems = problemResponses(
  "invalid_request",
  "unauthenticated",
  "forbidden",
  "not_found",
  "session_ended",
  "payload_too_large",
  "file_refused",
  "conflict",
  "rate_limited",
  "quota_exhausted",
  "internal",
  "sandbox_failed",
  "capacity_exhausted",
  "audit_unavailable",
);

export const listFiles = createRoute({
  method: "get",
  path: "/v1/sessions/{id}/files",
  operationId: "listFiles",
  tags,
  summary: "List files, or download a folder as a tar archive",
  description:
    "With `Accept: application/x-tar`, everything below the folder as a tar archive: regular files and folders, with names relative to the folder. Links, special files and names that no archive should have are left out; X-Cloche-Skipped tells how many. Files that go or are replaced meanwhile are left out too. A file that changes while it is sent breaks the answer off.",
  security,
  request: {
    params: sessionParams,
    query: z.strictObject({
      path: folder,
      recursive: flag.meta({ description: "Everything below the folder; an archive always has it" }),
      limit: z.coerce.number().int().min(1).max(1000).default(1000),
      cursor: z.string().max(8192).optional().meta({ description: "nextCursor of the page before" }),
    }),
  },
  responses: {
    200: {
      description: "A page of entries, sorted by path; or the archive",
      headers: z.object({
        "X-Cloche-Skipped": z
          .string()
          .optional()
          .meta({ description: "How many entries the archive leaves out" }),
      }),
      content: { ...json(fileListSchema), ...tar },
    },
    ...readProblems,
  },
});

export const uploadArchive = createRoute({
  method: "put",
  path: "/v1/sessions/{id}/files",
  operationId: "uploadArchive",
  tags,
  summary: "Upload many files as a tar archive",
  description:
    "Regular files and folders, written one after the other as they arrive; files that are there are replaced. Anything else (links, devices, sparse files, names that leave the workspace, an entry that is there twice) is refused, and so is an archive that is cut off or goes on after its end. What was written before a refusal stays, and the error says how many files that are. Setuid, setgid and sticky bits are dropped; owners and times are ignored. `Content-Encoding: gzip` is unpacked as it arrives.",
  security,
  request: {
    params: sessionParams,
    query: z.strictObject({ path: folder }),
    body: { required: true, content: tar },
  },
  responses: {
    200: {
      description: "All of it is there",
      content: json(z.object({ files: z.int(), folders: z.int(), bytes: z.int() })),
    },
    ...readProblems,
  },
});

export const writeFile = createRoute({
  method: "put",
  path: "/v1/sessions/{id}/files/{path}",
  operationId: "writeFile",
  tags,
  summary: "Write a file",
  description:
    "The body, whatever it is, becomes the file's content. Folders above it are made. The file is put in place when all of it has arrived; otherwise nothing changes.",
  security,
  request: {
    params: fileParams,
    query: z.strictObject({
      mode: z
        .string()
        .regex(/^[0-7]{3}$/, "must be three octal digits")
        .default("644")
        .meta({ description: "Permission bits, octal", example: "755" }),
    }),
    body: { required: false, content: octets },
  },
  responses: {
    200: { description: "The file was replaced", content: json(fileEntrySchema) },
    201: { description: "The file was made", content: json(fileEntrySchema) },
    ...readProblems,
  },
});

const fileHeaders = z.object({
  "Content-Length": z.string().meta({ description: "The file's size" }),
  "Last-Modified": z.string().optional(),
});

export const readFile = createRoute({
  method: "get",
  path: "/v1/sessions/{id}/files/{path}",
  operationId: "readFile",
  tags,
  summary: "Read a file",
  description: "Regular files only. A file that changes while it is sent breaks the answer off.",
  security,
  request: { params: fileParams },
  responses: {
    200: { description: "The file's content", headers: fileHeaders, content: octets },
    ...readProblems,
  },
});

/** Hono answers it with what answers GET. */
export const headFile = createRoute({
  method: "head",
  path: "/v1/sessions/{id}/files/{path}",
  operationId: "headFile",
  tags,
  summary: "See a file's size and time of change",
  security,
  request: { params: fileParams },
  responses: { 200: { description: "It is a regular file", headers: fileHeaders }, ...readProblems },
});

export const removeFile = createRoute({
  method: "delete",
  path: "/v1/sessions/{id}/files/{path}",
  operationId: "removeFile",
  tags,
  summary: "Remove a file or a folder",
  description: "A link is removed, and never what it leads to.",
  security,
  request: {
    params: fileParams,
    query: z.strictObject({ recursive: flag.meta({ description: "A folder with everything below it" }) }),
  },
  responses: {
    200: {
      description: "It is gone",
      content: json(z.object({ removed: z.int().meta({ description: "How many entries went" }) })),
    },
    ...readProblems,
  },
});
