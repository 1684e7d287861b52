/** What a caller asked for, kept so that it can be asked for again exactly. */
import type { Action } from "../../domain/action.ts";
import type { Policy } from "../../domain/policy.ts";
import type { StoredSubmission } from "../ports/stores.ts";

export interface Submitted {
  /** As it was checked, before its policy's own settings came into play. */
  action: Action;
  /** Both can be seen by the code. */
  traceparent?: string | undefined;
  live?: boolean | undefined;
}

/** undefined where the policy keeps no actions. */
export const toSubmission = (
  { action, traceparent, live }: Submitted,
  { redaction }: Pick<Policy, "redaction">,
): StoredSubmission | undefined =>
  redaction.drop.includes("action")
    ? undefined
    : (JSON.stringify({ action, traceparent, live }) as StoredSubmission);

/** Nobody else writes it: it is as it was. */
export const fromSubmission = (stored: StoredSubmission): Submitted => JSON.parse(stored);
