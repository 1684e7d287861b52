import { ServiceError } from "../../domain/errors.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Posture, PostureFinding } from "../../domain/posture.ts";
import type { Catalog } from "../catalog/catalog.ts";
import type { Clock } from "../ports/clock.ts";
import type { Host, HostFacts } from "../ports/host.ts";
import type { ContainerRuntime } from "../ports/runtime.ts";
import { assess } from "./assess.ts";
import { toFindings } from "./findings.ts";
import type { KnownBad } from "./known-bad.ts";
import { runSelfTest, type SelfTested, tryOne } from "./self-test.ts";

export type Minimum = Posture["minimum"];

export interface PostureDependencies {
  host: Host;
  runtime: Pick<ContainerRuntime, "create">;
  catalog: Pick<Catalog, "policy" | "policies" | "image">;
  clock: Clock;
  knownBad: KnownBad[];
  minimum: Minimum;
  /** Whether sandboxes are made at start to see what the host enforces. */
  selfTest: boolean;
  onFault(error: unknown): void;
}

/** The policy that the service stands and falls with. */
const DEFAULT = "default";

/**
 * What this host is, found out at start and again when asked, and whether that is enough to run code here.
 * Nothing known is not enough, but where the minimum is `none`.
 */
export class PostureKeeper {
  readonly #deps: PostureDependencies;
  #tested: SelfTested | undefined;
  /** Of runtimes that a loaded policy names: whether a sandbox could be made. */
  readonly #works = new Map<string, boolean>();
  #posture: Posture | undefined;
  #reason = "it was not looked at yet";

  constructor(deps: PostureDependencies) {
    this.#deps = deps;
  }

  /** Looks at the host and tests it; a failure leaves nothing known. Never rejects. */
  async start(): Promise<void> {
    try {
      await this.#check();
    } catch (error) {
      this.#posture = undefined;
      this.#reason = error instanceof ServiceError ? error.message : "the look at it failed; see the log";
      this.#deps.onFault(error);
    }
  }

  /** Whatever is not known yet, or may have changed without the engine's restart. Never rejects. */
  async refresh(): Promise<void> {
    const { selfTest, host, onFault } = this.#deps;
    // What was too slow on a busy host may hold now.
    if (!this.#posture?.acceptable || (selfTest && !this.#tested)) return await this.start();
    try {
      const facts = await host.look();
      const known = Object.keys(this.#posture.runtimes);
      if (Object.keys(facts.runtimes).some((name) => !known.includes(name))) await this.#tryRuntimes(facts);
      this.#keep(facts);
    } catch (error) {
      // What was found stays: while the engine is away nothing runs.
      onFault(error);
    }
  }

  /** What is known. Throws `posture_refused` where nothing is. */
  read(): Posture {
    if (!this.#posture) throw refused(`what this host is could not be found out: ${this.#reason}`);
    return this.#posture;
  }

  /** Tests a policy on this host now. Rejects with `not_found`, or as the engine does. */
  async check(name = DEFAULT, runtime?: string): Promise<Posture> {
    const { catalog, host, minimum, clock } = this.#deps;
    const policy = catalog.policy(name);
    const own = runtime === undefined || runtime === policy.isolation.runtime;
    if (name === DEFAULT && own && this.#deps.selfTest) return await this.#check();
    const asked = own ? policy : { ...policy, isolation: { ...policy.isolation, runtime } };
    const facts = await host.look();
    if (!own) assertAskedIsRegistered(asked, Object.keys(facts.runtimes));
    assertRegistered(asked, Object.keys(facts.runtimes));
    const tested = await this.#test(asked);
    const findings = this.#findings(facts, tested, [asked]);
    return assess({ facts, tested, findings, minimum, policy: asked, works: this.#works, now: clock.now() });
  }

  /** Throws `posture_refused` where no code may run here. */
  assertAcceptable(): void {
    const { minimum } = this.#deps;
    if (minimum === "none") return;
    const { acceptable, findings } = this.read();
    if (acceptable) return;
    const worst = findings.filter(({ severity }) => severity === "error").map(({ id }) => id);
    throw refused(
      `below ${minimum}, the least it was told to accept: ${worst.join(", ") || "see GET /v1/posture"}`,
    );
  }

  /** Throws `runtime_unavailable` where the engine has not the policy's runtime, or nothing could be made under it. */
  assertRuns(policy: Policy): void {
    if (!this.#posture) return;
    const { runtime } = policy.isolation;
    assertRegistered(policy, Object.keys(this.#posture.runtimes));
    if (this.#posture.runtimes[runtime]?.works === false) {
      throw unavailable(`policy ${policy.name} runs under ${runtime}, under which no sandbox could be made`);
    }
  }

  async #check(): Promise<Posture> {
    const { host, selfTest, catalog } = this.#deps;
    const facts = await host.look();
    const policy = catalog.policy(DEFAULT);
    this.#tested = selfTest ? await this.#test(policy) : undefined;
    if (selfTest) await this.#tryRuntimes(facts);
    return this.#keep(facts);
  }

  async #test(policy: Policy): Promise<SelfTested> {
    const { catalog, runtime, clock } = this.#deps;
    const image = await catalog.image(undefined, policy);
    const tested = await runSelfTest(image, policy, { runtime, clock });
    const made = tested.selfTest.checks.some(({ result }) => result === "holds");
    this.#works.set(policy.isolation.runtime, made);
    return tested;
  }

  /** The first policy that names a runtime tries it, where the self-test did not. */
  async #tryRuntimes({ runtimes }: HostFacts): Promise<void> {
    const { catalog, runtime, clock, onFault } = this.#deps;
    for (const policy of catalog.policies()) {
      const name = policy.isolation.runtime;
      if (!(name in runtimes) || (this.#works.get(name) ?? false)) continue;
      try {
        await tryOne(await catalog.image(undefined, policy), policy, { runtime, clock });
        this.#works.set(name, true);
      } catch (error) {
        this.#works.set(name, false);
        onFault(error);
      }
    }
  }

  #findings(facts: HostFacts, tested: SelfTested | undefined, policies: Policy[]): PostureFinding[] {
    const { knownBad, minimum } = this.#deps;
    const runtimes = policies.map(({ isolation }) => isolation.runtime);
    return toFindings(facts, tested, { knownBad, minimum, runtimes });
  }

  #keep(facts: HostFacts): Posture {
    const { minimum, catalog, clock } = this.#deps;
    const tested = this.#tested;
    const policy = catalog.policy(DEFAULT);
    const findings = this.#findings(facts, tested, catalog.policies());
    this.#posture = assess({
      facts,
      tested,
      findings,
      minimum,
      policy,
      works: this.#works,
      now: clock.now(),
    });
    return this.#posture;
  }
}

const refused = (reason: string) =>
  new ServiceError("posture_refused", `This host may not run code: ${reason}`, { retryAfterSeconds: 60 });

const unavailable = (reason: string) =>
  new ServiceError("runtime_unavailable", `No sandbox can be made: ${reason}`, { retryAfterSeconds: 60 });

/** A runtime that the request names is the request's mistake, one that the policy names is this host's lack. */
const assertAskedIsRegistered = ({ isolation }: Policy, registered: string[]): void => {
  if (registered.includes(isolation.runtime)) return;
  const message = `must be one that the engine has registered: ${registered.join(", ")}`;
  throw new ServiceError("invalid_request", `There is no runtime ${isolation.runtime}`, {
    issues: [{ field: "runtime", message }],
  });
};

const assertRegistered = ({ name, isolation }: Policy, registered: string[]): void => {
  if (registered.includes(isolation.runtime)) return;
  throw unavailable(
    `policy ${name} runs under ${isolation.runtime}, which the engine has not registered; it has: ${registered.join(", ")}`,
  );
};
