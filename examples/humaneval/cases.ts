/** Problems as actions, with the outcome that each must have. Pure. */
import type { ActionInput } from "../../src/domain/action.ts";
import type { Outcome } from "../../src/domain/outcome.ts";
import type { Problem } from "./problem.ts";
import { type WayToBreak, waysToBreak } from "./ways-to-break.ts";

export interface Case {
  id: string;
  /** `canonical`, or the name of the way it is broken. */
  kind: string;
  action: ActionInput;
  expected: Outcome;
}

export const toCanonicalCases = (problems: readonly Problem[]): Case[] =>
  problems.map((problem) => ({
    id: problem.task_id,
    kind: "canonical",
    action: { code: toProgram(problem, problem.canonical_solution) },
    expected: "ok",
  }));

/** Goes through the ways in turn, so that each breaks about as many problems as every other. */
export const toBrokenCases = (problems: readonly Problem[]): Case[] =>
  problems.flatMap((problem, index) => {
    const way = waysToBreak[index % waysToBreak.length];
    return way ? [toBrokenCase(problem, way)] : [];
  });

const toBrokenCase = (problem: Problem, way: WayToBreak): Case => ({
  id: problem.task_id,
  kind: way.name,
  action: {
    code: toProgram(problem, way.body ?? problem.canonical_solution, way.beforeCheck),
    limits: way.limits ?? {},
  },
  expected: way.expected,
});

/** The solution, the tests, and the call that runs them on it. */
const toProgram = (
  { prompt, test, entry_point }: Problem,
  body: string,
  beforeCheck: (entryPoint: string) => string = () => "",
): string => `${prompt}${body}\n${test}\n${beforeCheck(entry_point)}\ncheck(${entry_point})\n`;
