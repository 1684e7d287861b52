/** All rules. An id is for ever: it stands in comments of policies and in other people's reports. */
import { boundRules } from "./bound-rules.ts";
import { controlRules } from "./control-rules.ts";
import { fileRules } from "./file-rules.ts";
import { reachRules } from "./reach-rules.ts";
import type { LintRule } from "./rule.ts";
import { syscallRules } from "./syscall-rules.ts";

/** About the comments that answer the others. */
export const suppressionRules = {
  withoutReason: {
    id: "CLP090",
    name: "suppression-without-reason",
    severity: "warning",
    summary: "A comment answers a rule without saying why",
    remedy: "# lint: CLP034 because ...",
    standards: [],
    check: () => [],
  },
  ofError: {
    id: "CLP091",
    name: "suppression-of-error",
    severity: "warning",
    summary: "A comment answers a rule that takes no answer: an error stays one",
    remedy: "Mend what the rule finds",
    standards: [],
    check: () => [],
  },
  unused: {
    id: "CLP092",
    name: "suppression-unused",
    severity: "note",
    summary: "A comment answers a rule that finds nothing here, or that does not exist",
    remedy: "Take the comment out",
    standards: [],
    check: () => [],
  },
} as const satisfies Record<string, LintRule>;

export const lintRules: readonly LintRule[] = [
  ...controlRules,
  ...syscallRules,
  ...fileRules,
  ...reachRules,
  ...boundRules,
  ...Object.values(suppressionRules),
];

export const ruleById = (id: string): LintRule | undefined => lintRules.find((rule) => rule.id === id);
