import type { OpenAPIHono } from "@hono/zod-openapi";
import { ServiceError } from "../../domain/errors.ts";
import { type FileEntry, FileRefused } from "../../engine/ports/sandbox-files.ts";
import type { AppEnv } from "../app-env.ts";
import { answerBytes, answerJson } from "./answers.ts";
import { refuseEncoding } from "./archive-format.ts";
import type { FileRouteDependencies } from "./dependencies.ts";
import { headFile, readFile, removeFile, writeFile } from "./descriptions.ts";
import { downloadHeaders, lastModified } from "./download-headers.ts";
import { onFile } from "./file-errors.ts";
import { recordFiles } from "./file-events.ts";
import { requestPath } from "./request-path.ts";
import { discard, exactly, sendStream } from "./send-stream.ts";
import { sendBounds, uploadBounds } from "./stream-bounds.ts";
import { receive } from "./upload.ts";

/** `{path}` has slashes in it: documented as it is, routed by a pattern. */
const routed = <Route extends { path: string }>(route: Route) => ({
  ...route,
  path: route.path.replace("/{path}", "/:path{.+}"),
  hide: true,
});

export const singleFileRoutes = (routes: OpenAPIHono<AppEnv>, deps: FileRouteDependencies): void => {
  for (const route of [writeFile, readFile, headFile, removeFile]) routes.openAPIRegistry.registerPath(route);

  routes.openapi(routed(writeFile), async (context) => {
    const path = requestPath(context);
    refuseEncoding(context);
    const caller = context.get("caller");
    const mode = Number.parseInt(context.req.valid("query").mode, 8);
    const files = await deps.filesOf(caller, context.req.valid("param").id, "write");
    const upload = receive(context, uploadBounds(deps));
    try {
      const { created } = await onFile(path, () => files.write(path, upload.content, mode));
      recordFiles(context, deps, "files.written", { path, files: 1, bytes: upload.bytes() });
      return answerJson(await onFile(path, () => files.stat(path)), created ? 201 : 200);
    } finally {
      deps.charge(caller, upload.bytes());
    }
  });

  routes.openapi(routed(readFile), async (context) => {
    const path = requestPath(context);
    const files = await deps.filesOf(context.get("caller"), context.req.valid("param").id, "read");
    // Nothing is opened for who wants the headers only.
    if (context.req.method === "HEAD") {
      return answerBytes(null, fileHeaders(await onFile(path, async () => regular(await files.stat(path)))));
    }
    return await onFile(path, async () => {
      const { entry, content } = await files.read(path);
      if (entry.bytes > deps.caps.downloadBytes) {
        await discard(content);
        throw tooLarge(path, deps.caps.downloadBytes);
      }
      try {
        recordFiles(context, deps, "files.read", { path, files: 1, bytes: entry.bytes });
      } catch (error) {
        await discard(content);
        throw error;
      }
      const body = await sendStream(context, exactly(content, entry.bytes), sendBounds(context, deps));
      return answerBytes(body, fileHeaders(entry));
    });
  });

  routes.openapi(routed(removeFile), async (context) => {
    const path = requestPath(context);
    const { recursive } = context.req.valid("query");
    const files = await deps.filesOf(context.get("caller"), context.req.valid("param").id, "write");
    const removed = await onFile(path, () => files.remove(path, { recursive }));
    recordFiles(context, deps, "files.removed", { path, files: removed, bytes: null });
    return answerJson({ removed }, 200);
  });
};

const EISDIR = 21;
const EINVAL = 22;
const ELOOP = 40;

/** What `read` would refuse. */
const regular = (entry: FileEntry): FileEntry => {
  if (entry.type === "file") return entry;
  const errno = { folder: EISDIR, link: ELOOP, other: EINVAL }[entry.type];
  throw new FileRefused(errno, "no regular file");
};

const fileHeaders = (entry: FileEntry): Record<string, string> => ({
  ...downloadHeaders("application/octet-stream", entry.path.split("/").at(-1) ?? ""),
  ...lastModified(entry.modifiedMs),
  "content-length": String(entry.bytes),
});

const tooLarge = (path: string, maxBytes: number) =>
  new ServiceError(
    "payload_too_large",
    `${JSON.stringify(path)} has more than the ${maxBytes} bytes that can be read`,
  );
