/** The ways in which a caller can have an execution: wait for it, read along, or come back later. */
import type { Context } from "hono";
import { type Fault, ServiceError, shuttingDown } from "../../domain/errors.ts";
import { createExecutionId } from "../../domain/ids.ts";
import type { Ledger } from "../../engine/executions/ledger.ts";
import type { LiveExecution } from "../../engine/executions/live-execution.ts";
import { smallRecordOf, statusOf } from "../../engine/executions/record-of.ts";
import type { SharedRecords } from "../../engine/executions/shared-records.ts";
import type { RunIdentity } from "../../engine/executions/to-run-request.ts";
import type { Idempotency } from "../../engine/idempotency.ts";
import type { ExecutionStore, StoredExecution } from "../../engine/ports/stores.ts";
import { visibleTo } from "../../engine/tenants/roles.ts";
import type { AppEnv } from "../app-env.ts";
import { wantsEvents } from "../event-stream.ts";
import { keyOf, makeOnce } from "../once.ts";
import type { OpenStreams } from "../open-streams.ts";
import { SLICE, sendJson } from "../slices.ts";
import { executionEvents, lastEventId } from "./execution-events.ts";

export interface SubmitDependencies {
  ledger: Ledger;
  store: ExecutionStore;
  records: SharedRecords;
  idempotency: Idempotency;
  streams: OpenStreams;
  onError(error: unknown, requestId: string): void;
}

/** Where an execution is by now: under way, or in the store. */
type Accepted = { live: LiveExecution } | { stored: StoredExecution };

/**
 * Submits once for each Idempotency-Key, then answers as the request asks for. A caller that waits and goes
 * away cancels what it waited for only where nothing could come back for it: `cancelWhenGone` and no key.
 */
export const submit = async (
  context: Context<AppEnv>,
  deps: SubmitDependencies,
  accept: (identity: RunIdentity) => Promise<LiveExecution>,
  { cancelWhenGone }: { cancelWhenGone: boolean },
): Promise<Response> => {
  if (!wantsEvents(context)) return await submitOnce(context, deps, accept, { cancelWhenGone });
  // Before anything runs: afterwards there would be nothing to refuse.
  const leave = deps.streams.enter(context.get("caller").tenant);
  try {
    return await submitOnce(context, deps, accept, { cancelWhenGone, leave });
  } catch (error) {
    leave();
    throw error;
  }
};

const submitOnce = async (
  context: Context<AppEnv>,
  deps: SubmitDependencies,
  accept: (identity: RunIdentity) => Promise<LiveExecution>,
  { cancelWhenGone, leave }: { cancelWhenGone: boolean; leave?: () => void },
): Promise<Response> => {
  const later = (context.req.header("prefer") ?? "").toLowerCase().includes("respond-async");
  const events = leave !== undefined;
  const after = events ? lastEventId(context) : 0;
  const visible = visibleTo(context.get("caller"));
  const accepted = await makeOnce<Accepted>(context, deps.idempotency, {
    createRef: () => createExecutionId(Date.now()),
    first: async (id) => {
      const live = await accept({ id, traceparent: context.get("traceparent"), live: later || events });
      // An answer that is waited for is part of the request: an error frees the key.
      if (later || events) return { live };
      if (cancelWhenGone && keyOf(context) === undefined) cancelWith(context.req.raw.signal, live);
      return { stored: await live.result };
    },
    holds: (id) => deps.ledger.stands(visible, id),
    again: async (id) => {
      const live = deps.ledger.find(visible, id);
      if (live) return later || events ? { live } : { stored: await live.result };
      const stored = deps.store.find(visible, id);
      if (stored === undefined || faultOf(stored)?.retryable) return undefined;
      // It was left to the process that comes after this one.
      if (isUnfinished(stored)) throw shuttingDown();
      return { stored };
    },
  });
  const id = "live" in accepted ? accepted.live.id : idOf(accepted.stored);
  context.header("location", `/v1/executions/${id}`);
  context.header("x-execution-id", id);
  if (events) return executionEvents(context, deps, visible, { id, after, leave });
  if ("stored" in accepted) {
    throwIfFailed(accepted.stored);
    return storedAnswer(context, deps.records, visible, { id, stored: accepted.stored });
  }
  return context.json(accepted.live.record(), 202);
};

/** As stored, without a second look: an execution can have many megabytes of output. */
const storedAnswer = (
  context: Context<AppEnv>,
  records: SharedRecords,
  visible: string | undefined,
  { id, stored }: { id: string; stored: StoredExecution },
): Response =>
  stored.length <= SLICE
    ? context.body(stored, 200, { "content-type": "application/json" })
    : sendJson(context, records.of(visible, id, stored).json);

/** What came to nothing is answered as the error that it was. */
const throwIfFailed = (stored: StoredExecution): void => {
  const fault = faultOf(stored);
  if (fault) throw new ServiceError(fault.code, fault.detail);
};

const isUnfinished = (stored: StoredExecution): boolean => ["queued", "running"].includes(statusOf(stored));

const faultOf = (stored: StoredExecution): Fault | undefined => {
  const record = smallRecordOf(stored);
  return record?.status === "failed" ? record.error : undefined;
};

const idOf = (stored: StoredExecution): string =>
  /"id":"(exe_[0-9a-f]+)"/.exec(stored.slice(0, 200))?.[1] ?? "";

const cancelWith = (signal: AbortSignal, live: LiveExecution): void => {
  if (signal.aborted) live.cancel();
  else signal.addEventListener("abort", () => live.cancel(), { once: true });
};
