/** A policy -> where it is weak, with what its files have to say about it. */
import type { Place } from "../located.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import type { Suppression } from "../suppressions.ts";
import type { Finding } from "./finding.ts";
import type { LintContext, LintRule, Severity } from "./rule.ts";
import { lintRules, ruleById, suppressionRules } from "./rules.ts";

/** By severity, then by place. */
export const lintPolicy = (resolved: ResolvedPolicy, context: LintContext): Finding[] => {
  const found = lintRules.flatMap((rule) =>
    rule.check(resolved, context).map(({ path, message, place }): Finding => {
      const at = place ?? resolved.placeOf(path);
      const answer = answerTo(resolved, rule, at);
      return toFinding(resolved, rule, {
        field: path.join("."),
        message,
        place: at,
        suppressed: answer?.reason ?? null,
        suppressedAt: answer?.place ?? null,
      });
    }),
  );
  const answers = resolved.suppressions.filter(({ place }) => place.file === resolved.file);
  return [...found, ...answers.flatMap((answer) => about(resolved, answer, found))].toSorted(inOrder);
};

/** Whether there is anything that somebody should mend. */
export const isClean = (findings: readonly Finding[]): boolean =>
  findings.every(({ severity, suppressed }) => severity === "note" || suppressed !== null);

/** Said in the file that has the weakness, or in that of the policy; and not of an error. */
const answerTo = (
  { file, suppressions }: ResolvedPolicy,
  rule: LintRule,
  at: Place,
): Suppression | undefined =>
  rule.severity === "error"
    ? undefined
    : suppressions.find(
        ({ rule: id, reason, place }) =>
          id === rule.id && reason !== "" && (place.file === at.file || place.file === file),
      );

const about = (
  resolved: ResolvedPolicy,
  { rule: id, reason, place }: Suppression,
  found: Finding[],
): Finding[] => {
  const finding = (rule: LintRule, message: string) => [
    toFinding(resolved, rule, { field: "", message, place, suppressed: null, suppressedAt: null }),
  ];
  if (reason === "") return finding(suppressionRules.withoutReason, `${id} is answered without a reason`);
  if (ruleById(id)?.severity === "error") return finding(suppressionRules.ofError, `${id} is an error`);
  if (found.some(({ rule }) => rule === id)) return [];
  return finding(suppressionRules.unused, `${id} finds nothing here`);
};

const toFinding = (
  { policy }: ResolvedPolicy,
  { id, name, severity, remedy, standards }: LintRule,
  rest: Pick<Finding, "field" | "message" | "place" | "suppressed" | "suppressedAt">,
): Finding => ({ rule: id, name, severity, policy: policy.name, remedy, standards, ...rest });

const weight: Record<Severity, number> = { error: 0, warning: 1, note: 2 };

const inOrder = (a: Finding, b: Finding): number =>
  weight[a.severity] - weight[b.severity] ||
  a.place.file.localeCompare(b.place.file) ||
  a.place.line - b.place.line ||
  a.rule.localeCompare(b.rule);
