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

interface Ways<Answer> {
  /** Gives the id of what is to be made. */
  createRef(): string;
  /** Makes it under this id. When it rejects nothing was made, and the key is free again. */
  first(ref: string): Promise<Answer>;
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
      // One that failed has freed the key.
      if (making && !(await succeeds(making))) continue;
      const answer = await ways.again(taken.ref);
      if (answer !== undefined) return answer;
      this.#store.release({ ...claim, ref: taken.ref });
    }
  }

  async #make<Answer>(name: string, claim: IdempotencyClaim, ways: Ways<Answer>): Promise<Answer> {
    const making = ways.first(claim.ref);
    this.#inFlight.set(name, making);
    try {
      return await making;
    } catch (error) {
      this.#release(claim);
      throw error;
    } finally {
      this.#inFlight.delete(name);
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

const succeeds = async (making: Promise<unknown>): Promise<boolean> => {
  try {
    await making;
    return true;
  } catch {
    return false;
  }
};
