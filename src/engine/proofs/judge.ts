/** From what happened to what it means. */
import type { Outcome } from "../../domain/outcome.ts";
import { type AttemptResult, type Statement, statementSchema, type Verdict } from "../../domain/proof.ts";

/** How one step of an attempt ended. */
export interface StepEnd {
  /** undefined where the program did not live to say it, or said nothing that fits. */
  statement: Statement | undefined;
  /** null where the sandbox, not the program, failed. */
  outcome: Outcome | null;
  /** For people: how it ended where there is no statement. */
  detail: string;
  denied: string[];
}

export interface Judgement {
  verdict: Verdict;
  evidence: string;
}

/**
 * One step that got what it wanted is an escape, whatever the others say. Else the last step tells: it did not get
 * it, or it was stopped in a way that the attempt expects. Whatever else happens shows nothing.
 */
export const judge = (steps: StepEnd[], containedBy: readonly string[] = []): Judgement => {
  const escaped = steps.find(({ statement }) => statement?.reached === true);
  if (escaped) return { verdict: "escaped", evidence: evidenceOf(steps) };
  const wasStopped = ({ statement, outcome }: StepEnd) =>
    statement === undefined && outcome !== null && containedBy.includes(outcome);
  const shows = (step: StepEnd) =>
    step.outcome !== null && (step.statement !== undefined || wasStopped(step));
  const last = steps.at(-1);
  if (!last || !steps.every(shows)) return { verdict: "inconclusive", evidence: evidenceOf(steps) };
  return { verdict: wasStopped(last) ? "contained" : "blocked", evidence: evidenceOf(steps) };
};

/** Whether the attempt works where its defence is off. */
export const judgeControl = (steps: StepEnd[]): { succeeded: boolean; evidence: string } => ({
  succeeded: steps.some(({ statement }) => statement?.reached === true),
  evidence: evidenceOf(steps),
});

type Checks = Pick<AttemptResult, "control" | "cleanRun" | "canary">;

/**
 * What the attempt's verdict is worth beside its control, the next run and the canary. One that did nothing to be seen
 * from within, but from without, got out all the same.
 */
export const weigh = ({ verdict, evidence }: Judgement, { control, cleanRun, canary }: Checks): Judgement => {
  const but = (reason: string) => `${evidence}\n${reason}`;
  if (!canary.ok)
    return { verdict: "escaped", evidence: but("something was changed, left or told of the host") };
  if (verdict === "escaped" || verdict === "inconclusive") return { verdict, evidence };
  if (control.succeeded !== true)
    return { verdict: "inconclusive", evidence: but(`the control did not succeed: ${control.evidence}`) };
  if (!cleanRun.ok)
    return { verdict: "inconclusive", evidence: but("the next run did not find what the first one did") };
  return { verdict, evidence };
};

const evidenceOf = (steps: StepEnd[]): string =>
  steps
    .map(({ statement, detail }, index) => {
      const said = statement?.saw || detail;
      return steps.length === 1 ? said : `${index + 1}: ${said}`;
    })
    .join("\n");

/** The last line that is not blank, where it is a statement. All bytes: a text of them may be a part only. */
export const parseStatement = (stdout: Buffer): Statement | undefined => {
  const line = stdout.toString("utf8").trimEnd().split("\n").at(-1) ?? "";
  try {
    return statementSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
};
