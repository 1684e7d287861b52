/** A checked action and its policy -> what the launcher needs to know, in bytes. */
import { type Action, contentOf, pathConflict, type SessionAction } from "../../domain/action.ts";
import { ServiceError } from "../../domain/errors.ts";
import { type Limits, type Policy, type RequestLimits, requestLimitsSchema } from "../../domain/policy.ts";
import type { RunRequest } from "../ports/runtime.ts";
import { environmentIssues, withPolicys } from "./environment.ts";

const MiB = 1024 * 1024;

const requestLimitNames = requestLimitsSchema.keyof().options;

/** Where the action's code is put in the workspace. */
const ACTION_FILE = "action.py";

type Issue = { field: string; message: string };

export interface RunIdentity {
  id: string;
  /** W3C trace context of the caller, for the code to go on with. */
  traceparent?: string | undefined;
  /** Somebody reads along, so what is printed is written at once; else as Python does it for a pipe. */
  live?: boolean | undefined;
}

/** Throws `invalid_request` with every field that the policy does not allow. */
export const toRunRequest = (action: Action, policy: Policy, identity: RunIdentity): RunRequest => {
  const issues: Issue[] = [];
  const limits = lowered(action.limits, policy, issues);
  const files = toFiles(action.files, policy, issues, [ACTION_FILE]);
  issues.push(...environmentIssues(action.env, policy));
  refuse(issues);
  return {
    ...common(action, identity),
    mode: "script",
    code: Buffer.from(action.code),
    argv: [],
    env: withPolicys({ ...baseEnvironment, ...environmentOf(identity), ...action.env }, policy),
    files,
    limits,
    seed: action.seed ?? policy.determinism.seed,
    name: "",
  };
};

/** As `toRunRequest`, for a session: its environment is set already. */
export const toSessionRunRequest = (
  action: SessionAction,
  policy: Policy,
  identity: RunIdentity & { sequence: number },
): RunRequest => {
  const issues: Issue[] = [];
  const limits = lowered(action.limits, policy, issues);
  issues.push(...environmentIssues(action.env, policy));
  refuse(issues);
  const argv = action.argv ?? (action.shell === undefined ? [] : ["/bin/sh", "-c", action.shell]);
  return {
    ...common(action, identity),
    mode: action.code === undefined ? "command" : action.fresh ? "script" : "cell",
    code: Buffer.from(action.code ?? ""),
    argv,
    env: withPolicys({ ...environmentOf(identity), ...action.env }, policy),
    files: [],
    limits,
    seed: null,
    name: `<execution ${identity.sequence}>`,
  };
};

/** The session's files, to be written one by one. */
export const toSessionFiles = (files: Action["files"], policy: Policy): RunRequest["files"] =>
  toSessionParts({ files, env: {} }, policy).files;

/** What a session begins with: its files, and the environment of its interpreters. */
export const toSessionParts = (
  { files, env }: Pick<Action, "files" | "env">,
  policy: Policy,
): Pick<RunRequest, "files" | "env"> => {
  const issues: Issue[] = environmentIssues(env, policy);
  const checked = toFiles(files, policy, issues, []);
  refuse(issues);
  return { files: checked, env: withPolicys({ ...sessionEnvironment, ...env }, policy) };
};

/** What a run finds in its environment besides what its image, its policy and its caller set. */
export const baseEnvironment = {
  HOME: "/workspace",
  LOGNAME: "sandbox",
  PYTHONDONTWRITEBYTECODE: "1",
  TMPDIR: "/tmp",
  USER: "sandbox",
};

const sessionEnvironment = { ...baseEnvironment, MPLBACKEND: "Agg" };

const environmentOf = ({ traceparent, live }: RunIdentity): Record<string, string> => ({
  ...(traceparent === undefined ? {} : { TRACEPARENT: traceparent }),
  ...(live ? { PYTHONUNBUFFERED: "1" } : {}),
});

const common = (action: Pick<Action, "stdin" | "keepStdin" | "args" | "outputs">, { id }: RunIdentity) => ({
  id,
  stdin: Buffer.from(action.stdin),
  keepStdin: action.keepStdin,
  args: action.args,
  outputs: action.outputs,
});

const lowered = (asked: RequestLimits, policy: Policy, issues: Issue[]): Limits => {
  const limits: Limits = { ...policy.limits };
  for (const name of requestLimitNames) {
    const value = asked[name] ?? limits[name];
    if (value > limits[name]) {
      issues.push({ field: `limits.${name}`, message: `must be at most ${limits[name]}` });
    }
    limits[name] = value;
  }
  return limits;
};

const toFiles = (given: Action["files"], policy: Policy, issues: Issue[], taken: string[]) => {
  const files = Object.entries(given).map(([path, file]) => ({ path, content: contentOf(file) }));
  for (const path of taken) {
    if (path in given) issues.push({ field: fieldOf(path), message: "is the name of the action itself" });
  }
  const conflict = pathConflict([...taken, ...files.map(({ path }) => path)]);
  if (conflict !== undefined) {
    issues.push({ field: fieldOf(conflict), message: "is a file and, in another path, a folder" });
  }
  const bytes = files.reduce((sum, { content }) => sum + content.length, 0);
  if (bytes > policy.limits.workspaceMiB * MiB) {
    issues.push({ field: "files", message: `must fit into ${policy.limits.workspaceMiB} MiB` });
  }
  return files;
};

const fieldOf = (path: string) => `files[${JSON.stringify(path)}]`;

const refuse = (issues: Issue[]): void => {
  if (issues.length === 0) return;
  const fields = issues.map(({ field }) => field).join(", ");
  throw new ServiceError("invalid_request", `The action is wrong in: ${fields}`, { issues });
};
