/** Reads policies/*.yaml. A file that isn't wholly right is an error, never a policy with less in it. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Policy, policySchema } from "../domain/policy.ts";

/** Throws an Error that names the file and the field. */
export const loadPolicies = (folder: string): Policy[] => {
  const files = readdirSync(folder).filter((name) => name.endsWith(".yaml"));
  if (files.length === 0) throw new Error(`There is no policy in ${folder}`);
  return files.sort().map((file) => loadPolicy(folder, file));
};

const loadPolicy = (folder: string, file: string): Policy => {
  const text = readFileSync(join(folder, file), "utf8");
  const result = policySchema.safeParse(parse(text, { uniqueKeys: true }));
  if (!result.success) {
    const problems = result.error.issues.map(
      ({ path, message }) => `${path.join(".") || "(all)"}: ${message}`,
    );
    throw new Error(`policies/${file}: ${problems.join("; ")}`);
  }
  const policy = result.data;
  if (file !== `${policy.name}.yaml`) {
    throw new Error(`policies/${file}: name: must be the file's name, not ${JSON.stringify(policy.name)}`);
  }
  const calls = readFileSync(join(folder, "seccomp", `${policy.syscalls}.json`), "utf8");
  const digest = createHash("sha256").update(JSON.stringify(policy)).update(calls).digest("hex");
  return { ...policy, digest: `sha256:${digest}` };
};
