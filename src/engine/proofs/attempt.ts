/** What a proof tries: programs that run in sandboxes, and requests that go to the service itself. */
import type { AttemptHead, AttemptInfo, Statement } from "../../domain/proof.ts";
import type { AttackWorld } from "./service-attempts/attack-world.ts";

/** A program of battery/. */
export interface ProgramAttempt {
  head: AttemptHead;
  program: string;
}

/** Drives the service's own API, as a caller who means ill. */
export interface ServiceAttempt {
  head: AttemptInfo & { class: "service"; wallMs: number; needsKeys?: boolean };
  attempt(world: AttackWorld): Promise<Statement>;
  /** The same way where nothing is in it: it must get through, and the attempt must be able to tell. */
  control(world: AttackWorld): Promise<Statement>;
}

export type Attempt = ProgramAttempt | ServiceAttempt;

export const isProgram = (attempt: Attempt): attempt is ProgramAttempt => "program" in attempt;
