import { createHash } from "node:crypto";
import { ServiceError } from "../domain/errors.ts";
import type { IdempotencyClaim, IdempotencyStore } from "./ports/stores.ts";

export interface OnceRequest {
  tenant: string;
  /** Method and path. */
  scope: string;
  /** The caller's own; without one every request is a first one. */
  key: string | undefined;
  body: Uint8Array | string;
}

export interface Ways<Answer> {
  /** Gives the id of what is to be made. */
  createRef(): string;
  /** Makes it under this id. When it rejects nothing was made, and the key is free again. */
  first(ref: string): Promise<Answer>;
  /** What the ref becomes once it was made, where that has to be told from one that was only begun. */
  settledRef?: string;
  /** After `first` rejected: whether something was made all the same, so that the key stays taken. */
  holds?(ref: string): boolean;
  /** Answers what was made before; undefined when that failed or never came to be, and is to be made anew. */
  again(ref: string): Promise<Answer | undefined>;
}

/** Lets a request with the same key happen once, also over a restart and with both copies on their way at once. */
export class Idempotency {
  readonly #store: IdempotencyStore;
  readonly #inFlight = new Map<string, Promise<unknown>>();

  constructor(store: IdempotencyStore) {
    this.#store = store;
  }

  /** Rejects with `conflict` when the key was used with another body. */
  async once<Answer>(request: OnceRequest, ways: Ways<Answer>): Promise<Answer> {
    const { tenant, scope, key, body } = request;
    if (key === undefined) return await ways.first(ways.createRef());
    const bodyHash = createHash("sha256").update(body).digest("hex");
    const name = JSON.stringify([tenant, scope, key]);
    for (;;) {
      const claim: IdempotencyClaim = { tenant, scope, key, bodyHash, ref: ways.createRef() };
      const taken = this.#store.claim(claim);
      if (taken.first) return await this.#make(name, claim, ways);
      if (!taken.sameBody) {
        throw new ServiceError(
          "conflict",
          `Idempotency-Key ${JSON.stringify(key)} was used with another body`,
        );
      }
      const making = this.#inFlight.get(name);
      if (making !== undefined) {
        // Then the key is free again, or leads to what was made.
        await making.catch(() => {});
        continue;
      }
      const answer = await ways.again(taken.ref);
      if (answer !== undefined) return answer;
      this.#store.release({ ...claim, ref: taken.ref });
    }
  }

  async #make<Answer>(name: string, claim: IdempotencyClaim, ways: Ways<Answer>): Promise<Answer> {
    const making = this.#carry(claim, ways);
    this.#inFlight.set(name, making);
    try {
      return await making;
    } finally {
      this.#inFlight.delete(name);
    }
  }

  async #carry<Answer>(claim: IdempotencyClaim, ways: Ways<Answer>): Promise<Answer> {
    try {
      const made = await ways.first(claim.ref);
      if (ways.settledRef !== undefined) this.#store.settle(claim, ways.settledRef);
      return made;
    } catch (error) {
      if (!ways.holds?.(claim.ref)) this.#release(claim);
      throw error;
    }
  }

  /** Where the store can't be written the key stays taken: `again` then finds nothing, and it is made anew. */
  #release(claim: IdempotencyClaim): void {
    try {
      this.#store.release(claim);
    } catch {
      // The caller hears of what failed first.
    }
  }
}
