/** What of the dependencies one body or one answer needs. */
import type { Context } from "hono";
import { ServiceError } from "../../domain/errors.ts";
import { FileRefused } from "../../engine/ports/sandbox-files.ts";
import type { AppEnv } from "../app-env.ts";
import type { FileRouteDependencies } from "./dependencies.ts";
import type { SendBounds } from "./send-stream.ts";
import type { UploadBounds } from "./upload.ts";

export const uploadBounds = ({ caps, clock }: FileRouteDependencies): UploadBounds => ({
  maxBytes: caps.uploadBytes,
  maxMs: caps.ms,
  clock,
});

export const sendBounds = (context: Context<AppEnv>, deps: FileRouteDependencies): SendBounds => ({
  maxMs: deps.caps.ms,
  clock: deps.clock,
  onEnd: (sentBytes, error) => {
    deps.charge(context.get("caller"), sentBytes);
    const expected = error instanceof ServiceError || error instanceof FileRefused;
    if (error === undefined || expected || context.req.raw.signal.aborted) return;
    deps.onError(error, context.get("requestId"));
  },
});
