/** A run that the launcher refused before anything of it ran: whose doing that was, by the kernel's number. */
import { z } from "zod";
import { InputsRefused, SandboxFault } from "../../engine/ports/runtime.ts";

const refusalSchema = z.strictObject({ errno: z.int(), reason: z.string().max(8192) });
export type Refusal = z.infer<typeof refusalSchema>;

export const toRefusal = (payload: Buffer): Refusal => refusalSchema.parse(JSON.parse(payload.toString()));

const EAGAIN = 11;

/** What an action's own files can cause, and what a session's code can have put in the way of its next run. */
const ofFiles: Record<number, string> = {
  17: "is there already",
  20: "is below something that is no folder",
  21: "is a folder",
  22: "is no path of a file in the workspace",
  27: "is larger than a file may be",
  28: "does not fit: the workspace is full",
  36: "has a name that is too long",
  40: "is a link or is below one, and links are not followed",
};

/** Where code of the session goes on while the file is put in place. */
const ofSessions: Record<number, string> = {
  1: "was changed while it was written",
  2: "was changed while it was written",
  13: "was changed while it was written",
};

/**
 * Whether it was the session's own processes that left no room for another. In a sandbox that ran
 * nothing before there are none, so there it is a fault.
 */
export const isFullOfProcesses = ({ errno }: Refusal, lasting: boolean): boolean =>
  lasting && errno === EAGAIN;

/** What to throw for any other. The launcher's own words go to the log only. */
export const errorOf = ({ errno, reason }: Refusal, lasting: boolean): InputsRefused | SandboxFault => {
  const said = new Error(`the launcher refused: [errno ${errno}] ${reason}`);
  const what = ofFiles[errno] ?? (lasting ? ofSessions[errno] : undefined);
  if (what === undefined) return new SandboxFault("the run could not begin", false, said);
  // A session's run brings no files but its code.
  const file = lasting ? "/workspace/action.py" : "A file of the action";
  return new InputsRefused(`${file} ${what}`, errno, said);
};
