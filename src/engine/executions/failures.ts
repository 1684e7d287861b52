/** What keeps an execution from an observation -> the error that its caller gets. */
import { ServiceError } from "../../domain/errors.ts";
import type { InputsRefused, RunReport, SandboxFault } from "../ports/runtime.ts";

export const filesDontFit = (): ServiceError => {
  const issues = [{ field: "files", message: "must fit into the policy's workspaceMiB and inodes" }];
  return new ServiceError("invalid_request", "The files don't fit into the workspace", { issues });
};

/** A run in a session, where what is in its way was put there by the session itself. */
export const runRefused = (error: InputsRefused): ServiceError =>
  new ServiceError(error.errno === undefined ? "invalid_request" : "file_refused", error.message, {
    cause: error,
  });

export const sandboxFailed = (error: SandboxFault): ServiceError => {
  const message = error.started
    ? "The sandbox broke while the code ran; the code may or may not have finished"
    : "The sandbox broke before the code ran";
  return new ServiceError("sandbox_failed", message, { cause: error });
};

export const toServiceError = (error: unknown): ServiceError =>
  error instanceof ServiceError
    ? error
    : new ServiceError("internal", "The service failed", { cause: error });

/** The run ended because it was told to. Where we told it, and not its caller, that is a fault of ours. */
export const wasCancelled = ({ end }: RunReport): boolean =>
  end.kind === "launcher" ? end.evidence.killedBy === "cancel" : end.cause === "cancel";
