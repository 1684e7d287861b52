/** A run in a session -> everything of its execution that is known before it begins. */
import { createHash } from "node:crypto";
import type { ExecutionHead } from "../../domain/execution.ts";
import type { Session } from "../../domain/session.ts";
import type { RunRequest } from "../ports/runtime.ts";

export const toSessionHead = (
  { id, mode, argv, code }: RunRequest,
  session: Pick<Session, "id" | "image" | "policy" | "interpreter" | "sequence">,
  now: number,
): ExecutionHead => ({
  id,
  createdAt: new Date(now).toISOString(),
  action: {
    kind: mode,
    sha256: createHash("sha256")
      .update(mode === "command" ? JSON.stringify(argv) : code)
      .digest("hex"),
    image: session.image,
    policy: session.policy,
  },
  // A session's sandbox is its own, whatever the policy says of single executions.
  tier: "container",
  session: {
    id: session.id,
    sequence: session.sequence,
    interpreter: mode === "cell" ? session.interpreter : 0,
    stateLost: false,
  },
});
