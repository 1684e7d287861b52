import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError, shuttingDown } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { NewSession, Session as SessionView } from "../../domain/session.ts";
import type { TerminationReason } from "../../domain/termination.ts";
import { recordDenial } from "../audit/execution-events.ts";
import { sessionOpened, sessionReset } from "../audit/session-events.ts";
import type { Catalog } from "../catalog/catalog.ts";
import { filesDontFit, runRefused, sandboxFailed } from "../executions/failures.ts";
import { toSessionFiles, toSessionParts } from "../executions/to-run-request.ts";
import { InputsRefused, type RunRequest, type SandboxContainer, SandboxFault } from "../ports/runtime.ts";
import { FileRefused } from "../ports/sandbox-files.ts";
import type { Page, SessionQuery } from "../ports/stores.ts";
import type { Pools } from "../sandboxes/pools.ts";
import { Session } from "./session.ts";
import { sessionEnded } from "./session-errors.ts";
import type { SessionDependencies, SessionRecord } from "./session-parts.ts";

export interface SessionsDependencies extends SessionDependencies {
  catalog: Catalog;
  pools: Pools;
}

export interface SessionOwner {
  tenant: string;
  /** The session's id. */
  id: string;
  actor?: AuditActor | undefined;
  cohortId?: string;
}

const FILE_MODE = 0o644;

/** All sessions that live in this process, and, through the store, those that ended. */
export class Sessions {
  readonly #deps: SessionsDependencies;
  readonly #live = new Map<string, Session>();
  readonly #endings = new Map<TerminationReason, number>();

  constructor(deps: SessionsDependencies) {
    this.#deps = deps;
  }

  /** For `SessionParts.onEnd`. */
  readonly forget = (id: string, reason: TerminationReason): void => {
    this.#live.delete(id);
    this.#endings.set(reason, this.endings(reason) + 1);
  };

  get count(): number {
    return [...this.#live.values()].filter(({ ended }) => !ended).length;
  }

  /** How many ended for this reason since the process began. */
  endings(reason: TerminationReason): number {
    return this.#endings.get(reason) ?? 0;
  }

  /** Resolves when nothing runs or waits in any of them. */
  async settled(): Promise<void> {
    await Promise.all([...this.#live.values()].map((session) => session.settled()));
  }

  /**
   * Leases a sandbox, opens its interpreter, puts its files in. Rejects with `invalid_request`, `policy_denied`,
   * `not_found`, `capacity_exhausted`, `runtime_unavailable`, `sandbox_failed`, or the signal's reason; then
   * nothing is left of it.
   */
  async create(spec: NewSession, owner: SessionOwner, signal: AbortSignal): Promise<SessionView> {
    const { admission, clock } = this.#deps;
    const { policy, image } = await this.#allowed(spec, owner);
    const { files, env } = toSessionParts(spec, policy);
    const seed = spec.seed ?? policy.determinism.seed;
    const giveBack = admission.holdSandbox(owner.tenant);
    try {
      const sandbox = await this.#open(image, policy, owner.tenant, { env, seed, files }, signal);
      const now = clock.now();
      const record: SessionRecord = {
        id: owner.id,
        createdAt: new Date(now).toISOString(),
        tenant: owner.tenant,
        image: { name: image.name, digest: image.digest },
        policy: { name: policy.name, digest: policy.digest },
        sandboxId: sandbox.sandboxId,
        ttlMs: spec.ttlMs,
        idleMs: spec.idleMs,
        expiresAt: new Date(now + spec.ttlMs).toISOString(),
        lastUsedAt: new Date(now).toISOString(),
        seed,
        metadata: spec.metadata,
        cohortId: owner.cohortId ?? null,
        sequence: 0,
        interpreter: 1,
        resets: 0,
        termination: null,
      };
      return await this.#begin(
        new Session({ record, image, policy, env, sandbox, giveBack, onEnd: this.forget }, this.#deps),
        owner.actor ?? null,
      );
    } catch (error) {
      giveBack();
      throw error;
    }
  }

  /** Takes over one that an earlier process made. */
  adopt(session: Session): void {
    this.#live.set(session.id, session);
  }

  find(visibleTo: string | undefined, id: string): SessionView | undefined {
    const live = this.#live.get(id);
    if (live && (visibleTo === undefined || live.tenant === visibleTo)) return live.view();
    return this.#deps.store.find(visibleTo, id);
  }

  list(visibleTo: string | undefined, query: SessionQuery): Page<SessionView> {
    const { state, limit } = query;
    if (state === undefined || state === "ended") return this.#page(visibleTo, query);
    // To the store all that live are idle; what they are at is known here.
    const found: SessionView[] = [];
    for (let { cursor } = query; ; ) {
      const page = this.#page(visibleTo, { ...query, state: "idle", cursor, limit: limit - found.length });
      found.push(...page.items.filter((item) => item.state === state));
      if (page.nextCursor === null || found.length === limit)
        return { items: found, nextCursor: page.nextCursor };
      cursor = page.nextCursor;
    }
  }

  /** Throws `not_found`, also for another tenant's, or `session_ended`. */
  live(visibleTo: string | undefined, id: string): Session {
    const session = this.#live.get(id);
    if (session && (visibleTo === undefined || session.tenant === visibleTo)) return session;
    const ended = this.#deps.store.find(visibleTo, id);
    if (!ended) throw new ServiceError("not_found", `There is no session ${JSON.stringify(id)}`);
    // Handed over: it lives on, but not with this process.
    if (!ended.termination) throw shuttingDown();
    throw sessionEnded(id, ended.termination.reason);
  }

  /** Ends one, with the files and the state that it has. One that has ended is answered as it is. */
  async close(visibleTo: string | undefined, id: string, actor: AuditActor = null): Promise<SessionView> {
    const session = this.#live.get(id);
    if (session && (visibleTo === undefined || session.tenant === visibleTo)) {
      await session.end("closed", undefined, actor);
      return session.view();
    }
    const ended = this.#deps.store.find(visibleTo, id);
    if (!ended) throw new ServiceError("not_found", `There is no session ${JSON.stringify(id)}`);
    return ended;
  }

  /** A new sandbox under the same id, with these files; see `Session.reset`. */
  async reset(
    session: Session,
    { seed: asked, files }: { seed: number | null; files: NewSession["files"] },
    signal: AbortSignal,
    actor: AuditActor = null,
  ): Promise<SessionView> {
    const { image, policy, tenant, env } = session;
    const seed = asked ?? policy.determinism.seed;
    const content = toSessionFiles(files, policy);
    const make = async () => {
      const sandbox = await this.#open(image, policy, tenant, { env, seed, files: content }, signal);
      try {
        this.#deps.audit.append(sessionReset({ ...session.view(), sandboxId: sandbox.sandboxId }, actor));
        return sandbox;
      } catch (error) {
        await sandbox.destroy().catch(this.#deps.onFault);
        throw error;
      }
    };
    await session.reset(make, seed);
    return session.view();
  }

  async endAll(reason: TerminationReason, tenant?: string): Promise<void> {
    await this.endThose((session) => tenant === undefined || session.tenant === tenant, reason);
  }

  async endThose(
    isOne: (session: Session) => boolean,
    reason: TerminationReason,
    detail?: string,
  ): Promise<void> {
    const chosen = [...this.#live.values()].filter(isOne);
    await Promise.allSettled(chosen.map((session) => session.end(reason, detail)));
  }

  /** Leaves every sandbox to the process that comes after this one. */
  release(error: ServiceError): void {
    for (const session of this.#live.values()) session.release(error);
    this.#live.clear();
  }

  /** Charges what the sandboxes used since the last time. */
  async heartbeat(timeoutMs: number): Promise<void> {
    const beats = await Promise.allSettled(
      [...this.#live.values()].map((session) => session.heartbeat(timeoutMs)),
    );
    for (const beat of beats) if (beat.status === "rejected") this.#deps.onFault(beat.reason);
  }

  #page(visibleTo: string | undefined, query: SessionQuery): Page<SessionView> {
    const page = this.#deps.store.list(visibleTo, query);
    return { ...page, items: page.items.map((item) => this.#live.get(item.id)?.view() ?? item) };
  }

  async #allowed(spec: NewSession, { tenant, id, actor = null }: SessionOwner) {
    const { audit, catalog } = this.#deps;
    try {
      const policy = catalog.runnable(spec.policy);
      return { policy, image: await catalog.image(spec.image, policy) };
    } catch (error) {
      throw recordDenial(audit, error, { tenant, actor, subject: { session: id } });
    }
  }

  async #begin(session: Session, actor: AuditActor): Promise<SessionView> {
    try {
      this.#deps.audit.append(sessionOpened(session.view(), actor));
      session.save();
    } catch (error) {
      await session.end("closed", "It could not be stored").catch(this.#deps.onFault);
      throw error;
    }
    this.#live.set(session.id, session);
    return session.view();
  }

  async #open(
    image: Image,
    policy: Policy,
    tenant: string,
    settings: { env: Record<string, string>; seed: number | null; files: RunRequest["files"] },
    signal: AbortSignal,
  ): Promise<SandboxContainer> {
    const sandbox = await this.#deps.pools.acquire(image, policy, tenant, signal);
    try {
      await sandbox.openSession(settings);
      for (const { path, content } of settings.files)
        await sandbox.files.write(path, once(content), FILE_MODE);
      signal.throwIfAborted();
      return sandbox;
    } catch (error) {
      await sandbox.destroy().catch(this.#deps.onFault);
      if (error instanceof FileRefused) throw filesDontFit();
      if (error instanceof InputsRefused) throw runRefused(error);
      if (error instanceof SandboxFault) throw sandboxFailed(error);
      throw error;
    }
  }
}

async function* once(content: Buffer): AsyncGenerator<Buffer> {
  yield content;
}
