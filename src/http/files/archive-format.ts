/** What the headers of a request say about the form of its body and of the answer. */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import type { AppEnv } from "../app-env.ts";

const TAR = "application/x-tar";

/** The first type of the Accept header that there is decides; JSON without one. */
export const wantsArchive = (context: Context<AppEnv>): boolean => {
  const types = (context.req.header("accept") ?? "").split(",").map(essence);
  return types.find((type) => type === TAR || type === "application/json") === TAR;
};

/** Throws `invalid_request` unless the body is a tar archive, plain or in gzip. */
export const archiveEncoding = (context: Context<AppEnv>): "identity" | "gzip" => {
  if (essence(context.req.header("content-type") ?? "") !== TAR) {
    throw wrongHeader("Content-Type", `must be ${TAR}; say that it is in gzip with Content-Encoding`);
  }
  const encoding = encodingOf(context);
  if (encoding !== "identity" && encoding !== "gzip") {
    throw wrongHeader("Content-Encoding", "must be gzip, or be left out");
  }
  return encoding;
};

/** A file is kept as it comes: whoever sends it encoded would read it back encoded. */
export const refuseEncoding = (context: Context<AppEnv>): void => {
  if (encodingOf(context) !== "identity") {
    throw wrongHeader("Content-Encoding", "must be left out: a file's bytes are kept as they come");
  }
};

const encodingOf = (context: Context<AppEnv>) =>
  (context.req.header("content-encoding") ?? "identity").trim().toLowerCase();

const essence = (type: string) => (type.split(";")[0] ?? "").trim().toLowerCase();

const wrongHeader = (field: string, message: string) =>
  new ServiceError("invalid_request", `The request is wrong in: ${field}`, { issues: [{ field, message }] });
