/** Which variables an action may set, and which every run finds. */
import type { Policy } from "../../domain/policy.ts";
import { matchesName } from "../../policies/names.ts";

type Environment = Record<string, string>;

/** Every name that the policy does not allow, with what it allows. */
export const environmentIssues = (
  env: Environment,
  { environment: { allow, set } }: Pick<Policy, "environment">,
): { field: string; message: string }[] =>
  Object.keys(env).flatMap((name) => {
    const field = `env.${name}`;
    if (Object.hasOwn(set, name)) return [{ field, message: "is set by the policy" }];
    if (allow.some((pattern) => matchesName(pattern, name))) return [];
    const allowed = allow.length === 0 ? "no variable" : allow.join(", ");
    return [{ field, message: `is not allowed by the policy, which allows ${allowed}` }];
  });

/** The policy's own come last: nothing is over them. */
export const withPolicys = (env: Environment, { environment }: Pick<Policy, "environment">): Environment => ({
  ...env,
  ...environment.set,
});
