import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError, toFault } from "../../domain/errors.ts";
import type { Execution, ExecutionHead, FailedExecution, Timings } from "../../domain/execution.ts";
import type { Observation } from "../../domain/observation.ts";
import type { Policy } from "../../domain/policy.ts";
import {
  executionAccepted,
  executionCancelled,
  executionEnd,
  executionFailed,
} from "../audit/execution-events.ts";
import { RecordOnce } from "../audit/record-once.ts";
import type { LateWrites } from "../late-writes.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { RunEvent } from "../ports/runtime.ts";
import type { ExecutionStore, StoredExecution, StoredReceipt, StoredSubmission } from "../ports/stores.ts";
import type { Telemetry } from "../ports/telemetry.ts";
import type { Asked } from "../receipts/asked.ts";
import type { Ended, Receipts } from "../receipts/receipts.ts";
import { dropParts, keepUntil, partsToDrop } from "./keeping.ts";
import { LiveExecution } from "./live-execution.ts";
import { neverBegan } from "./observe.ts";
import { statusOf } from "./record-of.ts";

export interface LedgerDependencies {
  store: ExecutionStore;
  audit: AuditLog;
  /** For what the store refuses at the end of an execution. */
  late: LateWrites;
  telemetry: Telemetry;
  receipts: Pick<Receipts, "issue">;
  /** What it lets the store have; undefined for one that is not known any more. */
  policyOf(name: string): Pick<Policy, "redaction" | "retention"> | undefined;
  onFault(error: unknown): void;
  /** What an execution used, for its tenant's bounds. */
  charge(tenant: string, used: { cpuMs: number; bytes: number }): void;
}

/**
 * Every execution from its acceptance to its end: in the audit log and in the store first, then told to whoever
 * waits or reads along. Nothing is acknowledged before it is recorded and stored.
 */
export class Ledger {
  readonly #deps: LedgerDependencies;
  readonly #live = new Map<string, LiveExecution>();

  constructor(deps: LedgerDependencies) {
    this.#deps = deps;
  }

  /** `plan` is what a later process needs to go on with it, `submission` what anybody needs to do it again. */
  begin(
    tenant: string,
    head: ExecutionHead,
    plan: string,
    {
      asked,
      submission,
      actor = null,
    }: { asked: Asked; submission?: StoredSubmission | undefined; actor?: AuditActor | undefined },
  ): LiveExecution {
    const { audit, store } = this.#deps;
    audit.append(executionAccepted(tenant, head, actor));
    try {
      store.begin(tenant, head, plan, { submission, keepUntil: this.#keepUntil(head) });
    } catch (error) {
      this.#note(() => audit.append(executionFailed(tenant, { ...head, error: toFault(error) })));
      throw error;
    }
    const live = this.adopt(tenant, head);
    live.asked = asked;
    return live;
  }

  /** One that an earlier process began. */
  adopt(tenant: string, head: ExecutionHead): LiveExecution {
    const live = new LiveExecution(tenant, head);
    this.#live.set(live.id, live);
    return live;
  }

  find(visibleTo: string | undefined, id: string): LiveExecution | undefined {
    const live = this.#live.get(id);
    return live && (visibleTo === undefined || visibleTo === live.tenant) ? live : undefined;
  }

  /**
   * Whether it was accepted and has not failed: under way here, going on without this process, or finished. Such a
   * one is to be found again, and never to be run again.
   */
  stands(visibleTo: string | undefined, id: string): boolean {
    if (this.find(visibleTo, id)) return true;
    const stored = this.#deps.store.find(visibleTo, id);
    return stored !== undefined && statusOf(stored) !== "failed";
  }

  /** What a run says while it goes on. */
  tell(live: LiveExecution, event: RunEvent): void {
    if (event.type === "started") {
      this.#note(() => this.#deps.store.running(live.id));
      live.feed.started({ ...live.head, status: "running" });
    } else if (event.type === "result") live.feed.result(event.result);
    else live.feed.output(event.type, event.data);
  }

  /**
   * Stores what became of it, then answers. Where the store refuses, whoever waits is told so; it is stored, and
   * told to those who read along, as soon as it can be. Until then it is found here, so that it is not run again.
   */
  finish(
    live: LiveExecution,
    observation: Observation,
    timings: Timings,
    onStored: () => void = () => {},
  ): void {
    const { audit, store, late, telemetry, charge } = this.#deps;
    const rounded = Object.fromEntries(Object.entries(timings).map(([name, ms]) => [name, round(ms)]));
    const execution: Execution = {
      ...live.head,
      status: "finished",
      observation,
      timings: rounded as Timings,
    };
    const timeline = live.feed.complete(observation.outputs.files);
    const dropped = partsToDrop(this.#policyOf(live.head));
    const receipt = this.#receiptOf(live, { observation, timings: execution.timings, dropped });
    const kept = dropParts({ execution, timeline }, dropped);
    const record = new RecordOnce(audit, executionEnd(live.tenant, execution, receipt));
    const isStored = late.write(live.id, () => {
      record.write();
      const stored = store.finish(live.tenant, kept.execution, kept.timeline, receipt);
      this.#live.delete(live.id);
      const told = kept.execution === execution ? stored : (JSON.stringify(execution) as StoredExecution);
      live.feed.finished(told);
      live.settle(told);
      onStored();
    });
    if (!isStored) live.reject(endRefused(record));
    telemetry.outcome(observation.outcome);
    for (const phase of ["queued", "acquire", "run", "total"] as const) {
      telemetry.phase(phase, timings[`${phase}Ms`]);
    }
    const { cpuMs, stdoutBytes, stderrBytes } = observation.usage;
    charge(live.tenant, { cpuMs: live.head.session ? 0 : (cpuMs ?? 0), bytes: stdoutBytes + stderrBytes });
  }

  /** It could not be carried through: nobody's score. */
  fail(live: LiveExecution, error: ServiceError, onStored: () => void = () => {}): void {
    const { audit, store, late, telemetry } = this.#deps;
    const fault = toFault(error);
    const execution: FailedExecution = { ...live.head, status: "failed", error: fault };
    const record = new RecordOnce(audit, [executionFailed(live.tenant, execution)]);
    // Those who wait get the error, also where it can't be stored yet.
    late.write(live.id, () => {
      record.write();
      store.fail(live.tenant, execution);
      this.#live.delete(live.id);
      onStored();
    });
    live.feed.failed(JSON.stringify(fault));
    live.reject(error);
    telemetry.fault(error.code);
  }

  /** Somebody wants it to end. Throws `audit_unavailable`. */
  cancel(live: LiveExecution, actor: AuditActor): void {
    this.#deps.audit.append(executionCancelled(live.tenant, live.head, actor));
    live.cancel();
  }

  /** This process ends, the execution goes on: nobody is told an end that is none. */
  handOver(live: LiveExecution, error: ServiceError): void {
    this.#live.delete(live.id);
    live.feed.cut();
    live.reject(error);
  }

  #receiptOf(
    live: LiveExecution,
    { observation, timings, dropped }: Pick<Ended, "observation" | "timings" | "dropped">,
  ): StoredReceipt {
    const { tenant, head, asked, sandbox } = live;
    if (!asked) throw new Error(`execution ${live.id} ends, and nobody said what was asked for`);
    // One that was cancelled between two sandboxes ran in neither.
    const ranIn = observation === neverBegan ? undefined : sandbox;
    return this.#deps.receipts.issue({
      tenant,
      head,
      asked,
      sandbox: ranIn && { id: ranIn.sandboxId, facts: ranIn.facts },
      observation,
      timings,
      dropped,
    });
  }

  #policyOf({ action }: ExecutionHead) {
    return this.#deps.policyOf(action.policy.name);
  }

  #keepUntil(head: ExecutionHead): number | undefined {
    return keepUntil(head.createdAt, this.#policyOf(head));
  }

  #note(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#deps.onFault(error);
    }
  }
}

const endRefused = ({ done }: RecordOnce) =>
  done
    ? new ServiceError("store_unavailable", "The execution has ended and can't be stored now")
    : new ServiceError("audit_unavailable", "The execution has ended and can't be recorded now");

const round = (ms: number) => Math.round(ms * 1000) / 1000;
