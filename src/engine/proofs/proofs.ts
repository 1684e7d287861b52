import type { AuditActor } from "../../domain/audit-event.ts";
import { ServiceError, toFault } from "../../domain/errors.ts";
import { createProofId } from "../../domain/ids.ts";
import type { AttemptInfo, AttemptResult, NewProof, Proof, ProofHead } from "../../domain/proof.ts";
import type { Admission } from "../admission/admission.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { LateWrites } from "../late-writes.ts";
import type { AuditLog } from "../ports/audit-log.ts";
import type { Clock } from "../ports/clock.ts";
import type { HostCanary } from "../ports/host-canary.ts";
import type { ProofStore } from "../ports/proof-store.ts";
import type { ContainerRuntime } from "../ports/runtime.ts";
import type { Page, PageQuery } from "../ports/stores.ts";
import type { Keys } from "../tenants/keys.ts";
import { type Attempt, isProgram } from "./attempt.ts";
import { openWorld, type ServiceDoor } from "./open-world.ts";
import { assertBuilt, assertRuns, chosenOf, policyUnderProof, splitSkipped } from "./plan-proof.ts";
import { runProof } from "./run-proof.ts";
import { noControls, summaryOf } from "./summary.ts";

export interface ProofsDependencies {
  battery: readonly Attempt[];
  store: ProofStore;
  late: LateWrites;
  catalog: Catalog;
  keys: Pick<Keys, "lend">;
  /** Whether requests need a key. */
  auth: boolean;
  admission: Pick<Admission, "enter">;
  runtime: ContainerRuntime;
  canary: HostCanary;
  audit: AuditLog;
  /** The service's own API. */
  service: ServiceDoor;
  clock: Clock;
  onFault(error: unknown): void;
}

interface Running {
  proof: Proof;
  actor: AuditActor;
  abort: AbortController;
  ended: Promise<void>;
}

/**
 * Tries the battery on this host, one proof at a time: it takes what users could have. States of one: running ->
 * finished, or failed where it was cancelled or the service could not go on with it.
 */
export class Proofs {
  readonly #deps: ProofsDependencies;
  #running: Running | undefined;

  constructor(deps: ProofsDependencies) {
    this.#deps = deps;
  }

  createId(): string {
    return createProofId(this.#deps.clock.now());
  }

  /**
   * Resolves when it is stored and under way. Rejects with `not_found` for a policy or image, `invalid_request` for
   * attempts or a runtime that there are not, and `conflict` while another one runs.
   */
  async start(asked: NewProof, actor: AuditActor, id = this.createId()): Promise<Proof> {
    const { battery, catalog, clock, store, auth } = this.#deps;
    const named = catalog.policy(asked.policy);
    const policy = policyUnderProof(named, asked);
    assertRuns(catalog, policy, asked);
    const image = await catalog.image(undefined, policy);
    const { attempts, skipped } = splitSkipped(chosenOf(battery, asked.attempts), { policy, auth });
    await assertBuilt(catalog, policy, attempts);
    if (this.#running) {
      throw new ServiceError("conflict", `${this.#running.proof.id} runs: one proof at a time`, {
        retryAfterSeconds: 60,
      });
    }
    const proof: Proof = {
      id,
      createdAt: new Date(clock.now()).toISOString(),
      status: "running",
      policy: { name: named.name, digest: named.digest },
      image: { name: image.name, digest: image.digest },
      runtime: policy.isolation.runtime,
      tier: policy.isolation.tier,
      host: { kernel: "", engine: "", runtime: "" },
      controls: noControls(),
      summary: summaryOf([]),
      total: attempts.length,
      underWay: [],
      skipped,
      attempts: [],
      error: null,
      ms: 0,
    };
    this.#record(proof, actor);
    store.save(proof);
    const abort = new AbortController();
    const ended = this.#carry(proof, { policy, image, attempts }, abort.signal);
    this.#running = { proof, actor, abort, ended };
    return structuredClone(proof);
  }

  /** All that there is to try, by number. */
  attempts(): AttemptInfo[] {
    return this.#deps.battery.map(({ head: { id, name, title, class: kind, techniques, defences } }) => ({
      id,
      name,
      title,
      class: kind,
      techniques,
      defences,
    }));
  }

  find(id: string): Proof | undefined {
    const { proof } = this.#running ?? {};
    return proof?.id === id ? structuredClone(proof) : this.#deps.store.find(id);
  }

  list(query: PageQuery): Page<ProofHead> {
    return this.#deps.store.list(query);
  }

  /** Resolves when nothing of it runs any more; changes nothing where it has ended. Throws `not_found`. */
  async cancel(id: string): Promise<Proof> {
    if (this.#running?.proof.id === id) {
      this.#running.abort.abort(new ServiceError("conflict", "It was cancelled"));
      await this.#running.ended;
    }
    const proof = this.find(id);
    if (!proof) throw new ServiceError("not_found", `There is no proof ${JSON.stringify(id)}`);
    return proof;
  }

  /** What an earlier process did not finish has failed: half of a proof shows nothing. */
  failUnfinished(): void {
    const { store } = this.#deps;
    const error = "The service went down while it ran";
    for (const proof of store.running()) store.save({ ...proof, status: "failed", underWay: [], error });
  }

  async close(): Promise<void> {
    this.#running?.abort.abort(new ServiceError("capacity_exhausted", "The service is shutting down"));
    await this.#running?.ended;
  }

  async #carry(
    proof: Proof,
    { policy, image, attempts }: Pick<Parameters<typeof runProof>[0], "policy" | "image" | "attempts">,
    signal: AbortSignal,
  ): Promise<void> {
    const { catalog, canary, clock, onFault } = this.#deps;
    const started = clock.monotonic();
    try {
      await using planted = await canary.plant();
      using world = openWorld({ policy, image }, this.#deps);
      const stageOf = async (attempt: Attempt) => ({
        policy,
        image: isProgram(attempt) ? await catalog.image(attempt.head.image, policy) : image,
        without: [],
      });
      const plan = { policy, image, attempts, stageOf, world: world.world };
      const listener = {
        begun: (facts: { host: Proof["host"]; controls: Proof["controls"] } | undefined) => {
          if (facts) Object.assign(proof, { host: facts.host, controls: facts.controls });
          this.#save(proof);
        },
        underWay: (titles: string[]) => void Object.assign(proof, { underWay: titles }),
        result: (result: AttemptResult) => {
          proof.attempts = [...proof.attempts, result].sort((a, b) => a.id - b.id);
          proof.summary = summaryOf(proof.attempts);
          proof.ms = Math.round(clock.monotonic() - started);
          this.#save(proof);
        },
      };
      await runProof(plan, { ...this.#deps, canary: planted }, listener, signal);
      proof.status = "finished";
    } catch (error) {
      if (!(error instanceof ServiceError) || error.cause !== undefined) onFault(error);
      proof.status = "failed";
      proof.error = toFault(error).detail;
    }
    proof.underWay = [];
    proof.ms = Math.round(clock.monotonic() - started);
    try {
      this.#record(proof, this.#running?.actor ?? null);
    } catch (error) {
      // What is not on record is not proven.
      onFault(error);
      Object.assign(proof, { status: "failed", error: "The audit log cannot be written" });
    }
    this.#save(proof);
    this.#running = undefined;
  }

  #record({ id, status, policy, tier, runtime, total, summary }: Proof, actor: AuditActor): void {
    const subject = { proof: id, policy: policy.name };
    const data = { status, policyDigest: policy.digest, tier, runtime, total, ...summary };
    this.#deps.audit.append({ type: "proof.ran", tenant: null, actor, subject, data });
  }

  #save(proof: Proof): void {
    const copy = structuredClone(proof);
    this.#deps.late.write(`proof ${proof.id}`, () => this.#deps.store.save(copy));
  }
}
