import type { Proof, ProofHead } from "../../domain/proof.ts";
import type { Page, PageQuery } from "./stores.ts";

/** Proofs are the service's own: no tenant has them. */
export interface ProofStore {
  /** Inserts or replaces. */
  save(proof: Proof): void;
  find(id: string): Proof | undefined;
  list(query: PageQuery): Page<ProofHead>;
  /** Those that an earlier process did not finish. */
  running(): Proof[];
  /** Removes those that were made before the given time and don't run; returns how many. */
  prune(olderThan: number): number;
}
