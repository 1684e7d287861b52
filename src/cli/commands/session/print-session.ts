/** A session as one line, as a block of fields, and as JSON. */
import type { Session } from "../../api/types.ts";
import type { Context } from "../../context.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import { printFields, toTime } from "../../terminal/table.ts";

/** For commands that change it. Returns the exit code. */
export const printChange = (context: Context, session: Session): Promise<number> =>
  printDocument(context, session, async () => {
    const { id, state, termination } = session;
    const why = termination ? ` (${escapeText(termination.reason)})` : "";
    await context.out.line(`${escapeText(id)} ${escapeText(state)}${why}`);
  });

export const printSession = (context: Context, session: Session): Promise<number> =>
  printDocument(context, session, async () => {
    const { termination } = session;
    await printFields(context.out, {
      id: session.id,
      state: session.state,
      tenant: session.tenant,
      image: session.image.name,
      policy: session.policy.name,
      sandbox: session.sandboxId,
      created: toTime(session.createdAt),
      "last used": toTime(session.lastUsedAt),
      expires: toTime(session.expiresAt),
      "ends idle after": `${session.idleMs} ms`,
      seed: session.seed,
      metadata: Object.entries(session.metadata)
        .map(([name, value]) => `${name}=${value}`)
        .join(" "),
      cohort: session.cohortId,
      executions: session.sequence,
      queued: session.queued,
      interpreter: session.interpreter,
      resets: session.resets,
      ...(termination
        ? { ended: toTime(termination.at), reason: termination.reason, detail: termination.detail }
        : {}),
    });
  });
