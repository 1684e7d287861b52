/** Attempts of several proofs, put beside each other. */
import {
  type AttemptHead,
  type AttemptResult,
  attemptClasses,
  type Proof,
} from "../../../../domain/proof.ts";
import type { Mark } from "./signs.ts";

export interface Cell {
  proof: Proof;
  /** Tells this proof from the others of the page. */
  label: string;
  mark: Mark;
  result: AttemptResult | undefined;
  /** Why it was not tried. */
  reason: string | undefined;
}

export interface Row {
  id: number;
  name: string;
  /** Of a proof that tried it; an attempt that none tried has its name only. */
  about: AttemptResult | undefined;
  cells: Cell[];
}

export interface Group {
  class: AttemptHead["class"] | "untried";
  rows: Row[];
}

/** The policy's name, with the runtime where several proofs are of that policy. */
export const labelsOf = (proofs: readonly Proof[]): string[] =>
  proofs.map(({ policy: { name }, runtime }) =>
    proofs.filter(({ policy }) => policy.name === name).length > 1 ? `${name} (${runtime})` : name,
  );

export const toGroups = (proofs: readonly Proof[]): Group[] => {
  const labels = labelsOf(proofs);
  const names = new Map<number, string>();
  for (const { attempts, skipped } of proofs)
    for (const { id, name } of [...attempts, ...skipped]) names.set(id, name);
  const rows = [...names]
    .sort(([a], [b]) => a - b)
    .map(([id, name]): Row => {
      const cells = proofs.map((proof, column) => toCell(proof, labels[column] ?? "", id));
      return { id, name, cells, about: cells.find(({ result }) => result)?.result };
    });
  return [...attemptClasses, "untried" as const]
    .map((kind) => ({ class: kind, rows: rows.filter(({ about }) => (about?.class ?? "untried") === kind) }))
    .filter((group) => group.rows.length > 0);
};

const toCell = (proof: Proof, label: string, id: number): Cell => {
  const result = proof.attempts.find((attempt) => attempt.id === id);
  const reason = result
    ? undefined
    : (proof.skipped.find((skip) => skip.id === id)?.reason ?? "not tried in this proof");
  return { proof, label, result, reason, mark: result?.verdict ?? "skipped" };
};
