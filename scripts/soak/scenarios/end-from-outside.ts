/** Code of a session that never ends by itself, and a caller who ends it. */
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { RunEvent } from "../../../src/cli/api/events.ts";
import type { Execution } from "../../../src/domain/execution.ts";
import { type Followed, follow } from "../follow.ts";
import { Refused } from "../good-client.ts";
import type { World } from "../runner.ts";

const endless = "import time\nprint('on', flush=True)\nwhile True: time.sleep(0.01)";
const headers = { prefer: "respond-async" };
const pendingSchema = z.object({ id: z.string() });
/** A good caller asks again when it sees nothing come of it. */
const askAgainMs = 3_000;

type How = "interrupt" | "cancel";

/** Begins it, waits until it runs, then asks for its end until it comes. */
export async function endFromOutside(
  world: World,
  sessionId: string,
  how: How,
  onLost: () => void,
): Promise<Execution> {
  const { client, tally } = world;
  for (;;) {
    const path = `/v1/sessions/${sessionId}/executions`;
    const { id } = await client.json(pendingSchema, "POST", path, { json: { code: endless }, headers });
    tally.accept(id, `session, ${how}`);
    const { execution, fault } = await watchAndEnd(world, sessionId, id, how);
    if (execution) {
      tally.answer(execution, `session, ${how}`);
      tally.count(`session, ${how}`);
      return execution;
    }
    if (!fault?.retryable) throw new Error(`${id}: ${fault?.code}: ${fault?.detail}`);
    tally.retry("execution failed, retryable");
    onLost();
  }
}

async function watchAndEnd(world: World, sessionId: string, id: string, how: How): Promise<Followed> {
  const { client, tally, stop } = world;
  const running = Promise.withResolvers<void>();
  let ended = false;
  const onEvent = ({ event }: RunEvent) => event === "stdout" && running.resolve();
  const end = follow({ client, tally, id, onEvent }).finally(() => {
    ended = true;
    running.resolve();
  });
  // Looked at below; until then nobody else would.
  end.catch(() => {});
  await running.promise;
  while (!ended) {
    await client.send("POST", `/v1/sessions/${sessionId}/${how}`).catch((error: unknown) => {
      // It ended in between.
      if (!(error instanceof Refused && error.problem.code === "conflict")) throw error;
    });
    const later = sleep(askAgainMs, undefined, { signal: stop, ref: false });
    await Promise.race([end, later]).catch(() => {});
  }
  return await end;
}
