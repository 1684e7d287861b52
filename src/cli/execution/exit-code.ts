/** The exit code that mirrors a run: the program's own, and where it has none one that shells use for the like. */
import { constants } from "node:os";
import type { Observation } from "../api/types.ts";
import { exitCodes } from "../errors.ts";

const ofOutcome: Record<string, number> = {
  ok: exitCodes.ok,
  time_limit: exitCodes.timeLimit,
  cpu_limit: exitCodes.timeLimit,
  memory_limit: exitCodes.killed,
  cancelled: exitCodes.cancelled,
};

/** 0 for `ok` only. How a program answers to being stopped is not its own end. */
export const exitCodeOf = ({ outcome, exitCode, evidence }: Observation): number => {
  if (outcome !== "ok" && outcome !== "cancelled" && exitCode !== null && exitCode !== 0) return exitCode;
  return ofOutcome[outcome] ?? exitCodeOfSignal(evidence.signal ?? "") ?? exitCodes.killed;
};

export const exitCodeOfSignal = (name: string): number | undefined => {
  const number = Object.entries(constants.signals).find(([known]) => known === name)?.[1];
  return number === undefined ? undefined : 128 + number;
};
