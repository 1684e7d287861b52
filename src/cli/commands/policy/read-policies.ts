/** Policies of a folder on this machine, as the service would read them. No service is asked. */
import { basename, dirname, resolve } from "node:path";
import { toText } from "../../../policies/located.ts";
import { type PolicyFolder, type ResolvedPolicy, readPolicyFolder } from "../../../policies/read-folder.ts";
import type { Options } from "../../command.ts";
import { InputError, reasonOf } from "../../errors.ts";

export const DEFAULT_FOLDER = "policies";

export const folderOption = {
  dir: { kind: "text", value: "DIR", complete: "folder", help: "Folder of policies (default: policies)" },
} as const satisfies Options;

/** Throws InputError with everything that is wrong in any of its files. */
export const readPolicies = (cwd: string, folder: string): ResolvedPolicy[] => {
  const { policies, problems } = read(cwd, folder);
  if (problems.length > 0) throw new InputError("The policies can't be used:", problems.map(toText));
  if (policies.length === 0) throw new InputError(`There is no policy in ${folder}`);
  return policies;
};

const read = (cwd: string, folder: string): PolicyFolder => {
  try {
    return readPolicyFolder(resolve(cwd, folder), folder.replace(/(?<=.)\/+$/, ""));
  } catch (error) {
    throw new InputError(`${folder}: ${reasonOf(error)}`);
  }
};

/** By its name in the folder, or by a file. */
export const readPolicy = (cwd: string, reference: string, folder: string): ResolvedPolicy => {
  const isFile = reference.includes("/") || reference.endsWith(".yaml");
  const name = isFile ? basename(reference, ".yaml") : reference;
  const policies = readPolicies(cwd, isFile ? dirname(reference) : folder);
  const found = policies.find(({ policy }) => policy.name === name);
  if (found) return found;
  const known = policies.map(({ policy }) => policy.name).join(", ");
  throw new InputError(`there is no policy "${reference}"; there are: ${known}`);
};
