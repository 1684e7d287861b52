import type { SessionAction } from "../../domain/action.ts";
import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { SessionChange, Session as SessionView } from "../../domain/session.ts";
import { type TerminationReason, terminationReasons, toTermination } from "../../domain/termination.ts";
import { RecordOnce } from "../audit/record-once.ts";
import { sessionEnded as endOf } from "../audit/session-events.ts";
import type { LiveExecution } from "../executions/live-execution.ts";
import { type RunIdentity, toSessionRunRequest } from "../executions/to-run-request.ts";
import type { RunReport, RunRequest, SandboxContainer } from "../ports/runtime.ts";
import type { SandboxFiles } from "../ports/sandbox-files.ts";
import { type Asked, toAsked } from "../receipts/asked.ts";
import { CpuMeter } from "./cpu-meter.ts";
import { cutOff, sessionEnded } from "./session-errors.ts";
import type { ExecutionPlan, SessionDependencies, SessionParts, SessionRecord } from "./session-parts.ts";
import { SessionQueue } from "./session-queue.ts";
import { toSessionHead } from "./to-session-head.ts";
import { touching } from "./touching-files.ts";

/**
 * One session that lives. Its executions run one at a time, in the order in which they came.
 *
 * States, as `view` tells them:
 * - `idle`: nothing runs or waits. -> `busy` with the first execution.
 * - `busy`: one runs, others may wait. -> `idle` when none is left.
 * - `resetting`: what ran is cancelled, another sandbox is made; executions and files are refused. -> `idle`,
 *   in the new sandbox, or in the old one where no other could be had.
 * - `reattaching`: the link to the sandbox is lost and made anew; what runs goes on there. -> `idle` or `busy`,
 *   or `ended` when it can't be.
 * - `ended`: by `end`, once, whoever calls it: its owner, a timer, the sandbox's own end. Refuses everything from
 *   the first moment; stored as soon as the store takes it. Final.
 * `release` is no end: the session goes on without this process, in the state that it is in.
 */
export class Session {
  readonly policy: Policy;
  readonly image: Image;
  readonly env: Record<string, string>;
  readonly #deps: SessionDependencies;
  readonly #record: SessionRecord;
  readonly #giveBack: () => void;
  readonly #onEnd: SessionParts["onEnd"];
  readonly #queue: SessionQueue;
  #sandbox: SandboxContainer;
  #resetting = false;
  #ending: Promise<void> | undefined;
  #released = false;
  #meter: CpuMeter;
  #cancelTtl = () => {};
  #cancelIdle = () => {};

  constructor(parts: SessionParts, deps: SessionDependencies) {
    const { record, image, policy, env, sandbox, adopted, giveBack, onEnd } = parts;
    this.#deps = deps;
    this.#record = record;
    this.image = image;
    this.policy = policy;
    this.env = env;
    this.#giveBack = giveBack;
    this.#onEnd = onEnd;
    this.#sandbox = sandbox;
    this.#meter = this.#meterOf(sandbox, adopted ?? false);
    this.#queue = new SessionQueue(deps, () => this.#sandbox, {
      began: (live) => this.#began(live),
      ended: (live, report) => this.#ran(live, report),
      dropped: () => this.#note(),
    });
    this.#watch(sandbox);
    this.#scheduleTtl();
    this.touch();
  }

  get id(): string {
    return this.#record.id;
  }

  get tenant(): string {
    return this.#record.tenant;
  }

  /** Also while that is not stored yet. */
  get ended(): boolean {
    return this.#record.termination !== null;
  }

  get cohortId(): string | null {
    return this.#record.cohortId;
  }

  view(): SessionView {
    return { ...this.#record, state: this.#state(), queued: this.#queue.waiting };
  }

  /** Throws when it can't be written. What it is at is not written: to the store all that live are idle. */
  save(): void {
    const { containerId, facts } = this.#sandbox;
    const state = this.#record.termination ? "ended" : "idle";
    const session = { ...this.#record, state, queued: 0 } as const;
    this.#deps.store.save({ session, containerId, env: this.env, facts: facts ?? null });
  }

  /**
   * Accepts an action; throws `invalid_request`, `capacity_exhausted`, `conflict`, `session_ended` or
   * `store_unavailable`.
   */
  submit(action: SessionAction, identity: RunIdentity, actor: AuditActor = null): LiveExecution {
    this.#assertStays();
    const { admission, ledger, clock } = this.#deps;
    const sequence = this.#record.sequence + 1;
    const request = toSessionRunRequest(action, this.policy, { ...identity, sequence });
    const plan: ExecutionPlan = { action, traceparent: identity.traceparent, live: identity.live };
    const accepted = admission.accept({ tenant: this.tenant, sandbox: false, waits: this.#queue.busy });
    try {
      const live = ledger.begin(
        this.tenant,
        toSessionHead(request, { ...this.#record, sequence }, clock.now()),
        JSON.stringify(plan),
        { asked: this.#askedOf(action, request), actor },
      );
      this.#record.sequence = sequence;
      this.#queue.add(live, accepted, request);
      return live;
    } catch (error) {
      accepted.drop();
      throw error;
    }
  }

  /** Goes on with what an earlier process began. */
  resume(live: LiveExecution, { action, ...identity }: ExecutionPlan): void {
    const sequence = live.head.session?.sequence ?? 0;
    this.#record.sequence = Math.max(this.#record.sequence, sequence);
    const accepted = this.#deps.admission.accept({ tenant: this.tenant, sandbox: false, adopted: true });
    const request = toSessionRunRequest(action, this.policy, { ...identity, id: live.id, sequence });
    live.asked = this.#askedOf(action, request);
    this.#queue.resume(live, accepted, request);
  }

  /** Throws `conflict` when nothing runs. */
  interrupt(): void {
    this.#running().interrupt();
  }

  /** Throws `conflict` when nothing runs. */
  cancel(actor: AuditActor = null): void {
    this.#deps.ledger.cancel(this.#running(), actor);
  }

  /** Throws `conflict` or `session_ended`. */
  files(): SandboxFiles {
    this.#assertStays();
    return touching(this.#sandbox.files, () => this.touch());
  }

  change({ ttlMs, idleMs, metadata }: SessionChange): void {
    this.#assertLives();
    this.#put({
      ...(ttlMs !== undefined && {
        ttlMs,
        expiresAt: new Date(this.#deps.clock.now() + ttlMs).toISOString(),
      }),
      ...(idleMs !== undefined && { idleMs }),
      ...(metadata !== undefined && { metadata }),
    });
    if (ttlMs !== undefined) this.#scheduleTtl();
    this.touch();
  }

  /**
   * Puts another sandbox in place of this one. `make` gives it, ready. What runs or waits is cancelled first;
   * when no other sandbox can be had the session goes on with the old one.
   */
  async reset(make: () => Promise<SandboxContainer>, seed: number | null): Promise<void> {
    this.#assertStays();
    this.#resetting = true;
    try {
      await this.#queue.cancelAll();
      await this.#meter.readLast();
      const sandbox = await make();
      const old = this.#sandbox;
      try {
        this.#assertLives();
        this.#replace(sandbox, seed);
      } catch (error) {
        this.#sandbox = old;
        await sandbox.destroy().catch(this.#deps.onFault);
        throw error;
      }
      await old.destroy().catch(this.#deps.onFault);
    } finally {
      this.#resetting = false;
    }
    this.touch();
  }

  /** Ends it for good. What runs or waits is cancelled. Later calls wait for the first one's end. */
  end(
    reason: TerminationReason,
    detail: string = terminationReasons[reason],
    actor: AuditActor = null,
  ): Promise<void> {
    this.#ending ??= this.#end(reason, detail, actor);
    return this.#ending;
  }

  /** Resolves when nothing runs or waits. */
  async settled(): Promise<void> {
    await this.#queue.settled();
  }

  /** Leaves the sandbox to the process that comes after this one. */
  release(error: ServiceError): void {
    this.#released = true;
    this.#stopTimers();
    this.#note();
    this.#queue.handOver(error);
    this.#sandbox.release();
  }

  /** Asks the sandbox for its CPU time, and charges what is new. */
  async heartbeat(timeoutMs: number): Promise<void> {
    if (!this.#ending) await this.#meter.read(timeoutMs);
  }

  /** Somebody uses it: its idle time begins anew. */
  touch(): void {
    const { clock } = this.#deps;
    this.#record.lastUsedAt = new Date(clock.now()).toISOString();
    this.#cancelIdle();
    if (this.#ending || this.#released) return;
    this.#cancelIdle = clock.after(this.#record.idleMs, () => {
      if (this.#queue.busy || this.#resetting) this.touch();
      else void this.end("idle", `Nobody used it for ${this.#record.idleMs} ms`).catch(this.#deps.onFault);
    });
  }

  /** The seed is the session's: its interpreter had it before the first of its executions. */
  #askedOf(action: SessionAction, request: RunRequest): Asked {
    return toAsked({ ...action, seed: this.#record.seed ?? undefined }, request, this.policy);
  }

  #state(): SessionView["state"] {
    if (this.#record.termination) return "ended";
    if (this.#resetting) return "resetting";
    if (!this.#sandbox.attached) return "reattaching";
    return this.#queue.busy ? "busy" : "idle";
  }

  /** Those that ran while it waited may have lost the interpreter that it was to run in. */
  #began({ head: { session } }: LiveExecution): void {
    if (session && session.interpreter > 0) session.interpreter = this.#record.interpreter;
    this.touch();
  }

  /** After each run, before it is stored: which interpreter holds the state. */
  #ran(live: LiveExecution, { end }: RunReport): void {
    const { session } = live.head;
    if (session && end.kind === "launcher") {
      const { interpreter, stateLost } = end.evidence;
      session.interpreter = interpreter;
      session.stateLost = stateLost;
      // A run that is told again after a restart counts once.
      const next = (interpreter || this.#record.interpreter) + (stateLost ? 1 : 0);
      this.#record.interpreter = Math.max(this.#record.interpreter, next);
    } else if (session && end.kind === "lost") session.stateLost = true;
    this.touch();
    this.save();
  }

  /** For what is no more than good to know after a restart. */
  #note(): void {
    this.touch();
    try {
      this.save();
    } catch (error) {
      this.#deps.onFault(error);
    }
  }

  /** All of it, or, where it can't be stored, none. */
  #put(change: Partial<SessionRecord>): void {
    const before = { ...this.#record };
    Object.assign(this.#record, change);
    try {
      this.save();
    } catch (error) {
      Object.assign(this.#record, before);
      throw error;
    }
  }

  #replace(sandbox: SandboxContainer, seed: number | null): void {
    const { sandboxId } = sandbox;
    this.#sandbox = sandbox;
    this.#put({ sandboxId, seed, sequence: 0, interpreter: 1, resets: this.#record.resets + 1 });
    this.#meter = this.#meterOf(sandbox, false);
    this.#watch(sandbox);
  }

  #meterOf(sandbox: SandboxContainer, adopted: boolean): CpuMeter {
    const { charge, onFault } = this.#deps;
    return new CpuMeter(sandbox, {
      adopted,
      charge: (cpuMs) => charge(this.tenant, { cpuMs, bytes: 0 }),
      onFault,
    });
  }

  #running(): LiveExecution {
    this.#assertLives();
    const live = this.#queue.current;
    if (!live?.running) throw new ServiceError("conflict", `Nothing runs in session ${this.id}`);
    return live;
  }

  /** Throws unless what is done to its sandbox lasts. */
  #assertStays(): void {
    this.#assertLives();
    if (this.#resetting) throw new ServiceError("conflict", `Session ${this.id} is being reset`);
  }

  #assertLives(): void {
    if (!this.#ending) return;
    const { termination } = this.#record;
    throw sessionEnded(this.id, termination?.reason ?? "closed");
  }

  #watch(sandbox: SandboxContainer): void {
    void sandbox.closed
      .then(async () => {
        if (sandbox !== this.#sandbox || this.#ending || this.#released) return;
        const { cause, detail } = await sandbox.postMortem();
        await this.end(cause, detail);
      })
      .catch(this.#deps.onFault);
  }

  async #end(reason: TerminationReason, detail: string, actor: AuditActor): Promise<void> {
    const { audit, clock, telemetry, onFault } = this.#deps;
    this.#stopTimers();
    const termination = toTermination(reason, detail, clock.now());
    this.#record.termination = termination;
    try {
      await this.#queue.cancelAll(termination.infra ? cutOff(reason) : undefined);
    } finally {
      const record = new RecordOnce(audit, [endOf(this.#record, reason, actor)]);
      // Where the store refuses it stays known to this process until it is stored.
      this.#deps.late.write(this.id, () => {
        record.write();
        this.save();
        this.#onEnd(this.id, reason);
      });
      telemetry.sessionEnded(reason);
      this.#giveBack();
      await this.#meter.readLast();
      await this.#sandbox.destroy().catch(onFault);
    }
  }

  #stopTimers(): void {
    this.#cancelTtl();
    this.#cancelIdle();
  }

  #scheduleTtl(): void {
    const { clock, onFault } = this.#deps;
    this.#cancelTtl();
    const left = Date.parse(this.#record.expiresAt) - clock.now();
    this.#cancelTtl = clock.after(Math.max(0, left), () => {
      void this.end("ttl", `It was to end at ${this.#record.expiresAt}`).catch(onFault);
    });
  }
}
