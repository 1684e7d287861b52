import { ServiceError } from "../../domain/errors.ts";
import type { Image } from "../../domain/image.ts";
import type { Policy } from "../../domain/policy.ts";
import type { Change } from "../../policies/diff/change.ts";
import { diffPolicies } from "../../policies/diff/diff-policies.ts";
import { explainPolicy } from "../../policies/explain/explain-policy.ts";
import type { Answer, Question } from "../../policies/explain/question.ts";
import type { Finding } from "../../policies/lint/finding.ts";
import { lintPolicy } from "../../policies/lint/lint-policy.ts";
import type { ResolvedPolicy } from "../../policies/read-folder.ts";
import { originsOf } from "../../policies/show-policy.ts";

/** Answers questions about the policies that were loaded. Every method throws `not_found` for one that was not. */
export class PolicyDesk {
  readonly #policies: ReadonlyMap<string, ResolvedPolicy>;
  readonly #images: () => Promise<Image[]>;

  constructor(policies: ResolvedPolicy[], images: () => Promise<Image[]>) {
    this.#policies = new Map(policies.map((resolved) => [resolved.policy.name, resolved]));
    this.#images = images;
  }

  show(name: string): { policy: Policy; lineage: string[]; origins: Record<string, string | null> } {
    const resolved = this.#find(name);
    return { policy: resolved.policy, lineage: resolved.lineage, origins: originsOf(resolved) };
  }

  async lint(name: string): Promise<Finding[]> {
    const resolved = this.#find(name);
    // What images there are is one question of many: the others are answered without an engine too.
    const images = await this.#images().catch(() => undefined);
    return lintPolicy(resolved, { images: images?.map(({ name: image }) => image) });
  }

  explain(name: string, question: Question): Answer {
    return explainPolicy(this.#find(name), question);
  }

  /** What `name` allows that `against` doesn't, and the other way round. */
  diff(name: string, against: string): Change[] {
    return diffPolicies(this.#find(against).policy, this.#find(name).policy);
  }

  #find(name: string): ResolvedPolicy {
    const resolved = this.#policies.get(name);
    if (resolved) return resolved;
    const known = [...this.#policies.keys()].join(", ");
    throw new ServiceError("not_found", `There is no policy ${JSON.stringify(name)}; there are: ${known}`);
  }
}
