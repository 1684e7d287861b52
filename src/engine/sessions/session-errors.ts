/** What callers are told whose session has ended. */
import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import { type TerminationReason, terminationReasons } from "../../domain/termination.ts";

export const sessionEnded = (id: string, reason: TerminationReason): ServiceError =>
  new ServiceError("session_ended", `Session ${id} has ended (${reason}): ${terminationReasons[reason]}`);

/** For an execution that the end cut off, where the end is a fault of ours. */
export const cutOff = (reason: TerminationReason): ServiceError =>
  reason === "drained"
    ? shuttingDown()
    : new ServiceError(
        "sandbox_failed",
        `The session's sandbox ended (${reason}): ${terminationReasons[reason]}`,
      );
