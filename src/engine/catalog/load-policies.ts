/** Reads policies/*.yaml. A file that isn't wholly right is an error, never a policy with less in it. */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { type Policy, policySchema } from "../../domain/policy.ts";

/** Throws an Error that names the file and the field. */
export const loadPolicies = (folder: string): Policy[] => {
  const files = readdirSync(folder).sort();
  const other = files.find((name) => name.endsWith(".yml"));
  if (other) throw new Error(`policies/${other}: must end in .yaml to be read`);
  const policies = files.filter((name) => name.endsWith(".yaml"));
  if (policies.length === 0) throw new Error(`There is no policy in ${folder}`);
  return policies.map((file) => loadPolicy(folder, file));
};

const loadPolicy = (folder: string, file: string): Policy => {
  const result = policySchema.safeParse(parseYaml(folder, file));
  if (!result.success) {
    const problems = result.error.issues.flatMap(toProblems);
    throw new Error(`policies/${file}: ${problems.join("; ")}`);
  }
  const policy = result.data;
  if (file !== `${policy.name}.yaml`) {
    throw new Error(`policies/${file}: name: must be the file's name, not ${JSON.stringify(policy.name)}`);
  }
  const list = join(folder, "seccomp", `${policy.syscalls}.json`);
  if (!existsSync(list)) {
    throw new Error(`policies/${file}: syscalls: there is no policies/seccomp/${policy.syscalls}.json`);
  }
  const calls = readFileSync(list, "utf8");
  const digest = createHash("sha256").update(JSON.stringify(policy)).update(calls).digest("hex");
  return { ...policy, digest: `sha256:${digest}` };
};

const parseYaml = (folder: string, file: string): unknown => {
  try {
    return parse(readFileSync(join(folder, file), "utf8"), { uniqueKeys: true });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`policies/${file}: ${reason}`, { cause });
  }
};

type Issue = NonNullable<ReturnType<typeof policySchema.safeParse>["error"]>["issues"][number];

const toProblems = (issue: Issue): string[] =>
  issue.code === "unrecognized_keys"
    ? issue.keys.map((key) => `${[...issue.path, key].join(".")}: there is no such field`)
    : [`${issue.path.join(".") || "(all)"}: ${issue.message}`];
