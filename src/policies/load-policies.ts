/** The policies of a folder, all or none: one wrong file keeps the service from starting. */
import type { Policy } from "../domain/policy.ts";
import { toText } from "./located.ts";
import { type ResolvedPolicy, readPolicyFolder } from "./read-folder.ts";

/** Throws an Error with everything that is wrong: file, line, field. */
export const loadResolvedPolicies = (folder: string, label?: string): ResolvedPolicy[] => {
  const { policies, problems } = readPolicyFolder(folder, label);
  if (problems.length > 0) throw new Error(problems.map(toText).join("\n"));
  if (policies.length === 0) throw new Error(`There is no policy in ${folder}`);
  return policies;
};

/** Without where they come from. */
export const loadPolicies = (folder: string): Policy[] =>
  loadResolvedPolicies(folder).map(({ policy }) => policy);
