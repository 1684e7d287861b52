import { controlNames } from "../../domain/controls.ts";
import { type AttemptResult, type Proof, verdicts } from "../../domain/proof.ts";

export const summaryOf = (attempts: readonly Pick<AttemptResult, "verdict">[]): Proof["summary"] =>
  Object.fromEntries(
    verdicts.map((verdict) => [verdict, attempts.filter((attempt) => attempt.verdict === verdict).length]),
  ) as Proof["summary"];

/** Of a proof whose first sandbox is not there yet: nothing is known to be in force. */
export const noControls = (): Proof["controls"] =>
  Object.fromEntries(controlNames.map((name) => [name, false])) as Proof["controls"];
