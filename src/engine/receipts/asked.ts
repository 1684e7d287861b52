/** What was asked for, as far as a receipt says it. */
import type { Action } from "../../domain/action.ts";
import type { Limits, Policy } from "../../domain/policy.ts";
import { hashOf, sha256 } from "../../integrity/hash.ts";
import type { RunRequest } from "../ports/runtime.ts";

export interface Asked {
  /** SHA-256 of everything but the code. */
  inputs: string;
  limits: Limits;
  runtime: string;
}

type Inputs = Pick<Action, "stdin" | "args" | "env" | "outputs" | "seed">;

/** `inputs` as the caller sent them: what a request has besides comes from the service. */
export const toAsked = (
  { stdin, args, env, outputs, seed }: Inputs,
  { files, limits }: Pick<RunRequest, "files" | "limits">,
  { isolation }: Pick<Policy, "isolation">,
): Asked => ({
  inputs: hashOf({
    stdin,
    args,
    env,
    files: Object.fromEntries(files.map(({ path, content }) => [path, sha256(content)])),
    outputs,
    seed: seed ?? null,
  }),
  limits,
  runtime: isolation.runtime,
});
