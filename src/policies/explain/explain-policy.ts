/** Answers what a policy allows, and names the line that says so. */
import { limitsSchema, requestLimitsSchema } from "../../domain/policy.ts";
import { matchesName } from "../names.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import { explainCall } from "./explain-call.ts";
import { explainConnect } from "./explain-connect.ts";
import { explainPath } from "./explain-path.ts";
import type { Answer, Question } from "./question.ts";

export const explainPolicy = (resolved: ResolvedPolicy, question: Question): Answer => {
  switch (question.about) {
    case "syscall":
      return explainCall(resolved, question);
    case "read":
    case "write":
    case "exec":
      return explainPath(resolved, question);
    case "connect":
      return explainConnect(resolved, question);
    case "env":
      return explainEnv(resolved, question.name);
    case "image":
      return explainListed(resolved, "images", question.name, "may run");
    case "grant":
      return explainListed(resolved, "grants", question.name, "may be asked for");
    case "limit":
      return explainLimit(resolved, question.name, question.value);
  }
};

const explainEnv = ({ policy: { environment }, placeOf }: ResolvedPolicy, name: string): Answer => {
  const answer = (allowed: boolean, path: (string | number)[], says: string): Answer => ({
    allowed,
    says: `an action ${allowed ? "may" : "can't"} set ${name}`,
    reasons: [{ field: path.join("."), says, place: placeOf(path) }],
  });
  const fixed = environment.set[name];
  if (fixed !== undefined) {
    return answer(false, ["environment", "set", name], `every run finds ${name}=${JSON.stringify(fixed)}`);
  }
  const at = environment.allow.findIndex((pattern) => matchesName(pattern, name));
  if (at >= 0) return answer(true, ["environment", "allow", at], `${environment.allow[at]} allows it`);
  return answer(false, ["environment", "allow"], `allowed: ${environment.allow.join(", ") || "none"}`);
};

const explainListed = (
  { policy, placeOf }: ResolvedPolicy,
  list: "images" | "grants",
  name: string,
  what: string,
): Answer => {
  const at = policy[list].indexOf(name);
  const path = at < 0 ? [list] : [list, at];
  const says = at < 0 ? `allowed: ${policy[list].join(", ") || "none"}` : "it is listed";
  return {
    allowed: at >= 0,
    says: `${name} ${at < 0 ? what.replace("may", "can't") : what}`,
    reasons: [{ field: path.join("."), says, place: placeOf(path) }],
  };
};

const explainLimit = (
  { policy: { limits }, placeOf }: ResolvedPolicy,
  asked: string,
  value: number | undefined,
): Answer => {
  const known = limitsSchema.keyof().safeParse(asked);
  if (!known.success) {
    const says = `limits: ${Object.keys(limits).join(", ")}`;
    return {
      allowed: false,
      says: `there is no limit ${asked}`,
      reasons: [{ field: "limits", says, place: placeOf(["limits"]) }],
    };
  }
  const name = known.data;
  const path = ["limits", name];
  const lowers = name in requestLimitsSchema.shape;
  const allowed = lowers && (value ?? 0) <= limits[name];
  const wanted = value === undefined ? `${name} lower` : `${name} to ${value}`;
  const says = `it is ${limits[name]}; an action may ask for ${lowers ? "that or less" : "no other"}`;
  return {
    allowed,
    says: `an action ${allowed ? "may" : "can't"} set ${wanted}`,
    reasons: [{ field: path.join("."), says, place: placeOf(path) }],
  };
};
