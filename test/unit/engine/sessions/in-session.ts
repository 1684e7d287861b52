/** A session of `t`'s in an engine of its own, whose runs the test ends by hand. */
import { type SessionActionInput, sessionActionSchema } from "../../../../src/domain/action.ts";
import type { Execution, ExecutionRecord } from "../../../../src/domain/execution.ts";
import { createExecutionId } from "../../../../src/domain/ids.ts";
import type { NewSessionInput } from "../../../../src/domain/session.ts";
import type { Session } from "../../../../src/engine/sessions/session.ts";
import { anEngine, type Engine } from "../../../support/engine.ts";
import { HeldRuns } from "../../../support/fake-runtime.ts";
import { settled } from "../../../support/manual-clock.ts";

export const submitTo = (session: Session, now: number, action: SessionActionInput = { code: "1" }) =>
  session.submit(sessionActionSchema.parse(action), { id: createExecutionId(now) });

export const inSession = async ({
  spec = {},
  ...settings
}: { spec?: NewSessionInput } & Parameters<typeof anEngine>[0] = {}) => {
  const engine = anEngine(settings);
  const runs = new HeldRuns();
  engine.runtime.run = runs.run;
  const made = await engine.aSession(spec);
  const submit = async (action?: SessionActionInput) => {
    const live = submitTo(made.session, engine.clock.now(), action);
    await settled();
    return live;
  };
  return { ...engine, ...made, runs, submit, record: (id: string) => recordOf(engine.stores, id) };
};

export const recordOf = (stores: Engine["stores"], id: string): ExecutionRecord | undefined => {
  const stored = stores.executions.find(undefined, id);
  return stored === undefined ? undefined : JSON.parse(stored);
};

export const resultOf = async ({ result }: { result: Promise<string> }): Promise<Execution> =>
  JSON.parse(await result);
