/** May code make this system call? */
import type { Place } from "../located.ts";
import type { ResolvedPolicy } from "../read-folder.ts";
import { conditionsOf, holds } from "./conditions.ts";
import type { Answer, Question, Reason } from "./question.ts";

type CallQuestion = Extract<Question, { about: "syscall" }>;

/**
 * Where it depends on what is not known of the arguments it may, and the answer says on what it depends. An error of
 * its own comes before what allows.
 */
export const explainCall = (resolved: ResolvedPolicy, { name, args }: CallQuestion): Answer => {
  const { policy, callPlaces } = resolved;
  const known = new Map(args.map(({ index, value }) => [index, value]));
  const rules = policy.calls
    .map((rule, i) => ({ rule, place: callPlaces[i]?.get(name) ?? null }))
    .filter(({ rule }) => rule.names.includes(name));
  const possible = rules.filter(({ rule }) => (rule.args ?? []).every((arg) => holds(arg, known) !== false));
  const isCertain = ({ rule: { args = [] } }: (typeof rules)[number]) =>
    args.every((arg) => holds(arg, known) === true);
  const allowing = possible.filter(({ rule }) => rule.errno === undefined);
  const refusing = possible.filter(({ rule }) => rule.errno !== undefined);
  const refusal = refusing.find((one) => allowing.length === 0 || isCertain(one));
  if (refusal) {
    const says = `fails with error ${refusal.rule.errno}`;
    return denied(name, [reason(says, refusal.rule.comment, refusal.place)]);
  }
  if (allowing.length > 0) {
    const certain = allowing.some(isCertain) && refusing.length === 0;
    return {
      allowed: true,
      says: certain ? `${name} is allowed` : `${name} is allowed under conditions`,
      reasons: [
        ...allowing.map(({ rule, place }) => reason(conditionsOf(rule), rule.comment, place)),
        ...refusing.map(({ rule, place }) =>
          reason(`but not where ${conditionsOf(rule)}`, rule.comment, place),
        ),
      ],
    };
  }
  return denied(
    name,
    rules.length > 0
      ? rules.map(({ rule, place }) => otherwise(conditionsOf(rule), place))
      : notThere(resolved, name),
  );
};

const denied = (name: string, reasons: Reason[]): Answer => ({
  allowed: false,
  says: `${name} is denied`,
  reasons,
});

const reason = (conditions: string, comment: string | undefined, place: Place | null): Reason => ({
  field: "syscalls",
  says: [
    conditions === "" ? "without conditions" : conditions,
    ...(comment === undefined ? [] : [comment]),
  ].join("; "),
  place,
});

const otherwise = (conditions: string, place: Place | null): Reason => ({
  field: "syscalls",
  says: `only where ${conditions}`,
  place,
});

const notThere = ({ policy: { syscalls }, placeOf }: ResolvedPolicy, name: string): Reason[] => {
  const at = syscalls.remove.indexOf(name);
  if (at >= 0) {
    const path = ["syscalls", "remove", at];
    return [{ field: path.join("."), says: `${name} is removed`, place: placeOf(path) }];
  }
  return [
    {
      field: "syscalls.tier",
      says: `tier ${syscalls.tier} does not list it, and nothing adds it: it fails with EPERM`,
      place: placeOf(["syscalls", "tier"]),
    },
  ];
};
