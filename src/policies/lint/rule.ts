/** What a lint rule is: one way in which a policy can be weak. */
import type { Path, Place } from "../located.ts";
import type { ResolvedPolicy } from "../read-folder.ts";

export const severities = ["error", "warning", "note"] as const;
export type Severity = (typeof severities)[number];

/** One place in a policy where a rule finds it weak. */
export interface Weakness {
  /** The field, for people and for its place. */
  path: Path;
  message: string;
  /** Where it is not the field's own. */
  place?: Place;
}

export interface LintContext {
  /** Names of images that exist; undefined where that is not known. */
  images: readonly string[] | undefined;
}

export interface LintRule {
  /** Never given to another rule. */
  id: string;
  name: string;
  severity: Severity;
  /** What it finds. */
  summary: string;
  remedy: string;
  /** CIS Docker Benchmark, NIST SP 800-190, OWASP Top 10 for Agentic Applications. */
  standards: readonly string[];
  check(policy: ResolvedPolicy, context: LintContext): Weakness[];
}
