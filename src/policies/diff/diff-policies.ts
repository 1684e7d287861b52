/** What a policy allows that another doesn't, and the other way round: in words, by field. */
import type { Limits, Policy } from "../../domain/policy.ts";
import { coversNames } from "../names.ts";
import { treeOf } from "../trees.ts";
import { type Change, compareNumbers, compareSets, compareValues, directions, flip } from "./change.ts";
import { diffCalls } from "./diff-calls.ts";

/** Names and descriptions don't count. What loosens comes first. */
export const diffPolicies = (before: Policy, after: Policy): Change[] =>
  [
    ...isolation(before, after),
    ...images(before, after),
    ...limits(before, after),
    ...diffCalls(before.calls, after.calls),
    ...landlock(before, after),
    ...environment(before, after),
    ...compareValues("determinism.seed", before.determinism.seed, after.determinism.seed),
    ...compareValues("determinism.hashSeed", before.determinism.hashSeed, after.determinism.hashSeed),
    ...compareValues("determinism.clock", before.determinism.clock, after.determinism.clock),
    ...network(before, after),
    ...compareSets("grants", before.grants, after.grants, {
      gained: (name) => `${name} may be asked for`,
      lost: (name) => `${name} may no longer be asked for`,
    }),
    ...compareSets("require", before.require, after.require, {
      gained: (control) => `${control} is required`,
      lost: (control) => `${control} is no longer required`,
      more: "tightens",
    }),
    ...retention(before, after),
    ...compareSets("redaction.drop", before.redaction.drop, after.redaction.drop, {
      gained: (part) => `${part} is no longer kept`,
      lost: (part) => `${part} is kept`,
      more: "tightens",
    }),
  ].toSorted(inOrder);

export const loosens = (changes: readonly Change[]): boolean =>
  changes.some(({ direction }) => direction === "loosens");

const inOrder = (a: Change, b: Change): number =>
  directions.indexOf(a.direction) - directions.indexOf(b.direction) ||
  a.field.localeCompare(b.field) ||
  a.says.localeCompare(b.says);

/** How much stands between code and the host's kernel; what is not here can't be compared. */
const strength: Record<string, number> = { runc: 0, crun: 0, runsc: 1, kata: 2, "kata-runtime": 2 };

const isolation = ({ isolation: before }: Policy, { isolation: after }: Policy): Change[] => {
  const [was, is] = [strength[before.runtime], strength[after.runtime]];
  const runtime = compareValues("isolation.runtime", before.runtime, after.runtime).map((change) =>
    was === undefined || is === undefined || was === is
      ? change
      : { ...change, direction: is > was ? ("tightens" as const) : ("loosens" as const) },
  );
  const tier = compareValues("isolation.tier", before.tier, after.tier).map((change) => ({
    ...change,
    direction: after.tier === "cell" ? ("loosens" as const) : ("tightens" as const),
  }));
  const cells =
    before.tier === "cell" && after.tier === "cell"
      ? compareNumbers("isolation.cells", before.cells, after.cells)
      : [];
  return [...tier, ...runtime, ...cells];
};

const images = (before: Policy, after: Policy): Change[] => [
  ...compareSets("images", before.images, after.images, {
    gained: (name) => `${name} may run`,
    lost: (name) => `${name} may no longer run`,
  }),
  ...compareValues("images.0", before.images[0], after.images[0]).map(({ says, ...change }) => ({
    ...change,
    says: `${says}: what runs where none is named`,
  })),
];

const limits = (before: Policy, after: Policy): Change[] =>
  (Object.keys(before.limits) as (keyof Limits)[]).flatMap((name) =>
    compareNumbers(`limits.${name}`, before.limits[name], after.limits[name]),
  );

type Landlock = Policy["landlock"];
type Trees = Exclude<keyof Landlock, "scope">;

/** What may be done with files, and the lists that allow it. */
const allowedBy: Record<Trees, readonly Trees[]> = {
  readExecute: ["readExecute"],
  read: ["read", "readExecute", "write"],
  devices: ["devices"],
  write: ["write"],
};

const trees = (list: Trees, before: Landlock, after: Landlock): Change[] => {
  const verb = { readExecute: "executed from", read: "read", devices: "used", write: "written to" }[list];
  const field = `landlock.${list}`;
  const beyond = (these: Landlock, those: Landlock) => {
    const theirs = allowedBy[list].flatMap((name) => those[name]);
    return these[list].filter((tree) => treeOf(theirs, tree) === undefined);
  };
  return [
    ...beyond(after, before).map(
      (tree): Change => ({
        direction: "loosens",
        field,
        says: `${tree} may be ${verb}`,
      }),
    ),
    ...beyond(before, after).map(
      (tree): Change => ({
        direction: "tightens",
        field,
        says: `${tree} may no longer be ${verb}`,
      }),
    ),
  ];
};

const landlock = ({ landlock: before }: Policy, { landlock: after }: Policy): Change[] => [
  ...(Object.keys(allowedBy) as Trees[]).flatMap((list) => trees(list, before, after)),
  ...compareSets("landlock.scope", before.scope, after.scope, {
    gained: (name) => `${name} stops at the cell's border`,
    lost: (name) => `${name} no longer stops at the cell's border`,
    more: "tightens",
  }),
];

const environment = ({ environment: before }: Policy, { environment: after }: Policy): Change[] => {
  const beyond = (these: string[], those: string[]) =>
    these.filter((name) => !those.some((other) => coversNames(other, name)));
  return [
    ...compareSets(
      "environment.allow",
      beyond(before.allow, after.allow),
      beyond(after.allow, before.allow),
      {
        gained: (name) => `an action may set ${name}`,
        lost: (name) => `an action may no longer set ${name}`,
      },
    ),
    ...[...new Set([...Object.keys(before.set), ...Object.keys(after.set)])].flatMap((name) =>
      compareValues(`environment.set.${name}`, before.set[name], after.set[name]),
    ),
  ];
};

/** Each request that is possible, so that a host that changes is one that is lost and another that is gained. */
const requests = ({ network }: Policy): string[] =>
  network === "none"
    ? []
    : network.broker.flatMap(({ scheme, host, port, methods, paths }) =>
        methods.flatMap((method) => paths.map((path) => `${method} ${scheme}://${host}:${port}${path}`)),
      );

const network = (before: Policy, after: Policy): Change[] =>
  compareSets("network", [...new Set(requests(before))], [...new Set(requests(after))], {
    gained: (request) => `${request} is possible through the broker`,
    lost: (request) => `${request} is no longer possible`,
  });

const retention = ({ retention: before }: Policy, { retention: after }: Policy): Change[] => {
  if (before.hours === after.hours) return [];
  const say = (hours: number | null) =>
    hours === null ? "as long as the service keeps any" : `${hours} hours`;
  const longer = (after.hours ?? Number.POSITIVE_INFINITY) > (before.hours ?? Number.POSITIVE_INFINITY);
  const direction = longer ? "loosens" : flip.loosens;
  return [{ direction, field: "retention.hours", says: `from ${say(before.hours)} to ${say(after.hours)}` }];
};
