import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { SandboxFiles } from "../../engine/ports/sandbox-files.ts";
import type { AppEnv } from "../app-env.ts";
import { answerBytes, answerJson } from "./answers.ts";
import { archiveEncoding, wantsArchive } from "./archive-format.ts";
import type { FileRouteDependencies } from "./dependencies.ts";
import { listFiles, uploadArchive } from "./descriptions.ts";
import { downloadHeaders } from "./download-headers.ts";
import { fromCursor, toCursor } from "./entry-json.ts";
import { onFile } from "./file-errors.ts";
import { recordFiles } from "./file-events.ts";
import { checkPath } from "./request-path.ts";
import { sendStream } from "./send-stream.ts";
import { sendBounds, uploadBounds } from "./stream-bounds.ts";
import { gunzip } from "./tar/gunzip.ts";
import { packTar, planTar } from "./tar/pack-tar.ts";
import { unpackTar } from "./tar/unpack-tar.ts";
import { receive } from "./upload.ts";

/** Many files at once: lists and archives. */
export const archiveRoutes = (routes: OpenAPIHono<AppEnv>, deps: FileRouteDependencies): void => {
  routes.openapi(listFiles, async (context) => {
    const { path, recursive, limit, cursor } = context.req.valid("query");
    const folder = checkFolder(path);
    const after = cursor === undefined ? undefined : checkCursor(cursor);
    const files = await deps.filesOf(context.get("caller"), context.req.valid("param").id, "read");
    if (wantsArchive(context)) return await sendArchive(context, deps, files, folder);
    const page = await onFile(folder, () => files.list(folder, { recursive, after, max: limit }));
    const last = page.entries.at(-1);
    const nextCursor = page.more && last ? toCursor(last.path) : null;
    return answerJson({ items: page.entries, nextCursor }, 200);
  });

  routes.openapi(uploadArchive, async (context) => {
    const folder = checkFolder(context.req.valid("query").path);
    const encoding = archiveEncoding(context);
    const caller = context.get("caller");
    const files = await deps.filesOf(caller, context.req.valid("param").id, "write");
    const upload = receive(context, uploadBounds(deps));
    const { entries: maxEntries, uploadBytes: maxBytes } = deps.caps;
    const archive = encoding === "gzip" ? gunzip(upload.content, maxBytes) : upload.content;
    try {
      const unpacked = await unpackTar(archive, files, { folder, maxEntries, maxBytes });
      recordFiles(context, deps, "files.written", { path: folder, ...unpacked });
      return answerJson(unpacked, 200);
    } catch (error) {
      // Some of it may be there; what is refused for the log already is not recorded either.
      if (!(error instanceof ServiceError && error.code === "audit_unavailable")) {
        recordFiles(context, deps, "files.written", { path: folder, files: 0, bytes: upload.bytes() });
      }
      throw error;
    } finally {
      deps.charge(caller, upload.bytes());
    }
  });
};

const sendArchive = async (
  context: Context<AppEnv>,
  deps: FileRouteDependencies,
  files: SandboxFiles,
  folder: string,
) => {
  const bounds = { maxEntries: deps.caps.entries, maxBytes: deps.caps.downloadBytes };
  return await onFile(folder, async () => {
    const plan = await planTar(files, folder, bounds);
    recordFiles(context, deps, "files.read", { path: folder, files: plan.entries.length, bytes: null });
    const archive = packTar(files, folder, plan, bounds);
    const body = await sendStream(context, archive, sendBounds(context, deps));
    const name = `${folder.split("/").at(-1) || "workspace"}.tar`;
    return answerBytes(body, {
      ...downloadHeaders("application/x-tar", name),
      "x-cloche-skipped": String(plan.skipped),
    });
  });
};

const checkFolder = (path: string) => (path === "" ? "" : checkPath(path, "path"));

const checkCursor = (cursor: string): string => {
  const path = fromCursor(cursor);
  if (path !== undefined) return path;
  const issues = [{ field: "cursor", message: "must be the nextCursor of a page of this list" }];
  throw new ServiceError("invalid_request", "The request is wrong in: cursor", { issues });
};
