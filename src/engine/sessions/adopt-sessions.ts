/** After a restart: takes the sessions of the process before this one over, or says why it can't. */
import { ServiceError } from "../../domain/errors.ts";
import type { SandboxId } from "../../domain/ids.ts";
import { type TerminationReason, toTermination } from "../../domain/termination.ts";
import { Slots } from "../admission/slots.ts";
import { RecordOnce } from "../audit/record-once.ts";
import { sessionEnded } from "../audit/session-events.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Ledger } from "../executions/ledger.ts";
import type { ContainerRuntime, SandboxRef } from "../ports/runtime.ts";
import type { ExecutionStore, StoredSession, UnfinishedExecution } from "../ports/stores.ts";
import { Session } from "./session.ts";
import type { ExecutionPlan, SessionDependencies } from "./session-parts.ts";
import type { Sessions } from "./sessions.ts";

/** Each attach is a trip through the engine. */
const AT_ONCE = 8;

export interface AdoptionDependencies extends SessionDependencies {
  runtime: ContainerRuntime;
  catalog: Catalog;
  executions: ExecutionStore;
  ledger: Ledger;
  sessions: Sessions;
}

export interface Adoption {
  adopted: number;
  lost: number;
  /** Executions that went down with the process before. */
  lostExecutions: number;
}

class NotAdoptable extends Error {
  readonly reason: TerminationReason;

  constructor(reason: TerminationReason, detail: string) {
    super(detail);
    this.reason = reason;
  }
}

/** Call it before anything else may end a container: what nobody adopted is the reaper's. */
export const adoptSessions = async (deps: AdoptionDependencies): Promise<Adoption> => {
  const unfinished = deps.executions.unfinished().toSorted((a, b) => turnOf(a) - turnOf(b));
  const stored = deps.store.live();
  const containers = new Map((await deps.runtime.list()).map((ref) => [ref.sandboxId, ref]));
  const slots = new Slots(AT_ONCE);
  const resumed = new Set<string>();
  const adopted = await Promise.all(
    stored.map(async (one) => {
      const leave = await slots.take();
      try {
        const session = await adopt(one, containers.get(one.session.sandboxId), deps);
        for (const { tenant, head, plan } of unfinished) {
          if (head.session?.id !== session.id) continue;
          resumed.add(head.id);
          session.resume(deps.ledger.adopt(tenant, head), JSON.parse(plan) as ExecutionPlan);
        }
        return true;
      } catch (error) {
        giveUp(one, error, deps);
        return false;
      } finally {
        leave();
      }
    }),
  );
  const lost = unfinished.filter(({ head }) => !resumed.has(head.id));
  for (const { tenant, head } of lost) {
    const message = "The service went down while this ran or waited";
    deps.ledger.fail(deps.ledger.adopt(tenant, head), new ServiceError("execution_lost", message));
  }
  const count = adopted.filter(Boolean).length;
  return { adopted: count, lost: stored.length - count, lostExecutions: lost.length };
};

/** In its session; of the others the order doesn't matter. */
const turnOf = ({ head }: UnfinishedExecution): number => head.session?.sequence ?? 0;

const adopt = async (
  { session: { state: _, queued: __, ...record }, containerId, env, facts }: StoredSession,
  ref: SandboxRef | undefined,
  deps: AdoptionDependencies,
): Promise<Session> => {
  const { policy, image } = await sameAsBefore(record, deps.catalog);
  if (!ref?.running || containerId === null) {
    throw new NotAdoptable("lost", "Its container was gone when the service came back");
  }
  const { sandboxId, tenant } = record;
  const spec = { id: sandboxId as SandboxId, tenant, image, policy, facts: facts ?? undefined };
  const giveBack = deps.admission.holdSandbox(record.tenant, { adopted: true });
  try {
    const sandbox = await deps.runtime.adopt(spec, ref.containerId);
    const parts = {
      record,
      image,
      policy,
      env,
      sandbox,
      adopted: true,
      giveBack,
      onEnd: deps.sessions.forget,
    };
    const session = new Session(parts, deps);
    deps.sessions.adopt(session);
    return session;
  } catch (error) {
    giveBack();
    throw error;
  }
};

/** What was allowed when the session was made must be what is allowed now. */
const sameAsBefore = async (record: Pick<StoredSession["session"], "policy" | "image">, catalog: Catalog) => {
  try {
    const policy = catalog.policy(record.policy.name);
    if (policy.digest !== record.policy.digest) throw new Error(`policy ${policy.name} is another one`);
    const image = (await catalog.images()).find(({ digest }) => digest === record.image.digest);
    // An image that was built anew is another one; the container still has the one it was made from.
    if (image) return { policy, image };
    return {
      policy,
      image: { ...(await catalog.image(record.image.name, policy)), digest: record.image.digest },
    };
  } catch (error) {
    if (error instanceof ServiceError && error.code === "runtime_unavailable") throw error;
    throw new NotAdoptable("policy", error instanceof Error ? error.message : String(error));
  }
};

const giveUp = (
  { session, containerId, env, facts }: StoredSession,
  error: unknown,
  deps: AdoptionDependencies,
): void => {
  const { store, audit, late, clock, telemetry, onFault } = deps;
  if (!(error instanceof NotAdoptable)) onFault(error);
  const reason = error instanceof NotAdoptable ? error.reason : "lost";
  const detail =
    error instanceof NotAdoptable
      ? error.message
      : "The service came back and could not attach to its sandbox";
  const termination = toTermination(reason, detail, clock.now());
  const record = new RecordOnce(audit, [sessionEnded(session, reason, null)]);
  late.write(session.id, () => {
    record.write();
    store.save({ session: { ...session, state: "ended", queued: 0, termination }, containerId, env, facts });
  });
  telemetry.sessionEnded(reason);
};
