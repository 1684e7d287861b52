import { ServiceError } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { ContainerRuntime } from "../ports/runtime.ts";

/** The policies that were loaded and the images that the engine has. */
export class Catalog {
  readonly #runtime: ContainerRuntime;
  readonly #policies: ReadonlyMap<string, Policy>;
  readonly #found: Image[] = [];
  /** Policies that no list has. */
  readonly #lent = new Map<string, Policy>();

  readonly #assertRuns: (policy: Policy) => void;

  /** `assertRuns` throws where nothing can run under the policy on this host. */
  constructor(
    runtime: ContainerRuntime,
    policies: Policy[],
    assertRuns: (policy: Policy) => void = () => {},
  ) {
    this.#runtime = runtime;
    this.#assertRuns = assertRuns;
    this.#policies = new Map(policies.map((policy) => [policy.name, policy]));
  }

  policies(): Policy[] {
    return [...this.#policies.values()];
  }

  /** Makes a policy known by a name that only the borrower knows, until it is disposed of. */
  lend(policy: Policy): Disposable {
    this.#lent.set(policy.name, policy);
    return { [Symbol.dispose]: () => void this.#lent.delete(policy.name) };
  }

  /** What the engine has now. */
  async images(): Promise<Image[]> {
    return await this.#runtime.images();
  }

  find(name: string): Policy | undefined {
    return this.#policies.get(name) ?? this.#lent.get(name);
  }

  /** Throws `not_found` with the names there are. */
  policy(name: string): Policy {
    const policy = this.find(name);
    if (policy) return policy;
    const known = [...this.#policies.keys()].join(", ");
    throw new ServiceError("not_found", `There is no policy ${JSON.stringify(name)}; there are: ${known}`);
  }

  /** Throws `runtime_unavailable`, with the runtimes there are, where nothing can run under the policy on this host. */
  assertRuns(policy: Policy): void {
    this.#assertRuns(policy);
  }

  /** As `policy`, for somebody who is about to run code under it. Throws `runtime_unavailable` too. */
  runnable(name: string): Policy {
    const policy = this.policy(name);
    this.#assertRuns(policy);
    return policy;
  }

  /**
   * Returns the named image, or the policy's first one. Throws `policy_denied` when the policy
   * doesn't list it and `not_found` when it isn't built. What was found once stays in use, so that
   * an image that is built anew doesn't change what runs under a service that is up.
   */
  async image(name: string | undefined, policy: Policy): Promise<Image> {
    const wanted = name ?? policy.images[0];
    if (wanted === undefined || !policy.images.includes(wanted)) {
      const allowed = policy.images.join(", ");
      throw new ServiceError(
        "policy_denied",
        `Policy ${policy.name} does not allow image ${JSON.stringify(wanted)}; it allows: ${allowed}`,
      );
    }
    const find = (images: Image[]) => images.find((image) => image.name === wanted);
    const image = find(this.#found) ?? find(await this.images());
    if (image) {
      if (!this.#found.includes(image)) this.#found.push(image);
      return image;
    }
    throw new ServiceError(
      "not_found",
      `Image ${wanted} is not built on this host; run: npm run images -- ${wanted}`,
    );
  }
}
