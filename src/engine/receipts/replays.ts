import type { Action } from "../../domain/action.ts";
import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError } from "../../domain/errors.ts";
import type { Execution, ExecutionHead, ExecutionRecord } from "../../domain/execution.ts";
import type { Receipt } from "../../domain/receipt.ts";
import type { Replay } from "../../domain/replay.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Executor } from "../executions/executor.ts";
import type { Ledger } from "../executions/ledger.ts";
import type { ExecutionStore } from "../ports/stores.ts";
import { differencesOf, type Told } from "./differences.ts";
import { fromSubmission, type Submitted } from "./submission.ts";

export interface ReplaysDependencies {
  executor: Pick<Executor, "submit">;
  ledger: Pick<Ledger, "find">;
  store: ExecutionStore;
  catalog: Catalog;
  /** Throws `quota_exhausted`. */
  assertMayRun(tenant: string): void;
}

/** Runs executions again and compares. */
export class Replays {
  readonly #deps: ReplaysDependencies;

  constructor(deps: ReplaysDependencies) {
    this.#deps = deps;
  }

  /**
   * Runs it again under `id`, as its own tenant. Rejects with `not_found`, with `conflict` where it can't be the
   * same again, and as `Executor.submit` and its executions do.
   */
  async replay(
    visibleTo: string | undefined,
    original: string,
    { id, actor, signal }: { id: string; actor: AuditActor; signal: AbortSignal },
  ): Promise<Replay> {
    const { executor, assertMayRun } = this.#deps;
    const before = this.#finished(visibleTo, original);
    const { tenant, submitted } = this.#submitted(visibleTo, before);
    const { action, ...identity } = submitted;
    await this.#assertSameGround(before, action);
    assertMayRun(tenant);
    const live = await executor.submit(action, { tenant, actor, id, ...identity });
    const cancel = () => live.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    if (signal.aborted) cancel();
    try {
      await live.result;
    } finally {
      signal.removeEventListener("abort", cancel);
    }
    return this.compare(visibleTo, original, id);
  }

  /** What a replay that has ended came to. */
  compare(visibleTo: string | undefined, original: string, replayed: string): Replay {
    const [a, b] = [this.#told(visibleTo, original), this.#told(visibleTo, replayed)];
    const differences = differencesOf(a, b);
    return { original, replayed, same: differences.length === 0, differences };
  }

  #finished(visibleTo: string | undefined, id: string): Execution {
    const text = this.#deps.store.find(visibleTo, id);
    if (text === undefined)
      throw new ServiceError("not_found", `There is no execution ${JSON.stringify(id)}`);
    const record: ExecutionRecord = JSON.parse(text);
    if (record.status === "failed") {
      throw cannot(id, "the service failed to carry it through, so there is nothing to compare with");
    }
    if (record.status !== "finished") throw cannot(id, "it has not ended yet");
    return record;
  }

  #submitted(visibleTo: string | undefined, { id, session }: Execution) {
    if (session) {
      throw cannot(id, "it ran in a session, whose files and state at that moment are not kept");
    }
    const kept = this.#deps.store.submission(visibleTo, id);
    if (!kept)
      throw cannot(
        id,
        "its action was not kept: its policy, or the version of Cloche that ran it, keeps none",
      );
    const submitted: Submitted = fromSubmission(kept.submission);
    if (submitted.action.keepStdin)
      throw cannot(id, "what was fed to its standard input while it ran is not kept");
    return { tenant: kept.tenant, submitted };
  }

  /** Throws `conflict` where image or policy are others by now: what differs then would prove nothing. */
  async #assertSameGround({ id, action }: ExecutionHead, asked: Action): Promise<void> {
    const { catalog } = this.#deps;
    const loaded = catalog.policies().find(({ name }) => name === asked.policy);
    if (loaded?.digest !== action.policy.digest) {
      throw cannot(
        id,
        `it ran under policy ${told(action.policy)}; ${loaded ? `loaded is ${loaded.digest}` : "none of this name is loaded"}`,
      );
    }
    const built = await catalog.image(action.image.name, loaded).catch((error: unknown) => {
      if (error instanceof ServiceError && error.code === "not_found") return undefined;
      throw error;
    });
    if (built?.digest !== action.image.digest) {
      throw cannot(
        id,
        `it ran in image ${told(action.image)}; ${built ? `in use is ${built.digest}` : "none of this name is built"}`,
      );
    }
  }

  #told(visibleTo: string | undefined, id: string): Told {
    const execution = this.#finished(visibleTo, id);
    const receipt = this.#deps.store.receipt(visibleTo, id);
    if (receipt === undefined) throw cannot(id, "it has no receipt to compare with");
    const { body }: Receipt = JSON.parse(receipt);
    return { execution, receipt: body };
  }
}

const told = ({ name, digest }: { name: string; digest: string }): string => `${name} (${digest})`;

const cannot = (id: string, why: string): ServiceError =>
  new ServiceError("conflict", `Execution ${id} can't be replayed: ${why}`);
