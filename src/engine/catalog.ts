import { ServiceError } from "../domain/errors.ts";
import type { Image } from "../domain/image.ts";
import type { Policy } from "../domain/policy.ts";
import type { ContainerRuntime } from "./ports.ts";

/** The policies that were loaded and the images that the engine has. */
export class Catalog {
  readonly #runtime: ContainerRuntime;
  readonly #policies: ReadonlyMap<string, Policy>;
  #images: Image[] = [];

  constructor(runtime: ContainerRuntime, policies: Policy[]) {
    this.#runtime = runtime;
    this.#policies = new Map(policies.map((policy) => [policy.name, policy]));
  }

  policies(): Policy[] {
    return [...this.#policies.values()];
  }

  /** Asks the engine anew. */
  async images(): Promise<Image[]> {
    this.#images = await this.#runtime.images();
    return this.#images;
  }

  /** Throws `not_found` with the names there are. */
  policy(name: string): Policy {
    const policy = this.#policies.get(name);
    if (policy) return policy;
    const known = [...this.#policies.keys()].join(", ");
    throw new ServiceError("not_found", `There is no policy ${JSON.stringify(name)}; there are: ${known}`);
  }

  /**
   * Returns the named image, or the policy's first one. Throws `policy_denied` when the policy
   * doesn't list it and `not_found` when it isn't built.
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
    const image = find(this.#images) ?? find(await this.images());
    if (image) return image;
    throw new ServiceError(
      "not_found",
      `Image ${wanted} is not built on this host; run: npm run images -- ${wanted}`,
    );
  }
}
