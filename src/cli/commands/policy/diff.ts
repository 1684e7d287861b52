import type { Change, Direction } from "../../../policies/diff/change.ts";
import { diffPolicies, loosens } from "../../../policies/diff/diff-policies.ts";
import type { ResolvedPolicy } from "../../../policies/read-folder.ts";
import { defineCommand, type Options } from "../../command.ts";
import { exitCodes, InputError, UsageError } from "../../errors.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import type { Style } from "../../terminal/output.ts";
import { DEFAULT_FOLDER, folderOption, readPolicies, readPolicy } from "./read-policies.ts";

interface Difference {
  /** null: it is not there. */
  before: string | null;
  after: string | null;
  changes: Change[];
}

const options = {
  ...folderOption,
  against: {
    kind: "text",
    value: "DIR",
    complete: "folder",
    help: "Compare with the policies of the same names in this folder, for example of the commit before",
  },
} as const satisfies Options;

export const policyDiff = defineCommand({
  name: "diff",
  summary: "Say what a policy allows that another does not, and the other way round",
  notes:
    "cloche policy diff A B: from A to B. With --against DIR: from the policies there to those here.\nExit code 1 where anything is loosened.",
  operands: {
    from: { label: "A", need: "optional", complete: "file" },
    to: { label: "B", need: "optional", complete: "file" },
  },
  options,
  async run(context, { operands, values: { dir = DEFAULT_FOLDER, against } }) {
    const differences =
      against === undefined
        ? [between(context.cwd, operands, dir)]
        : sinceThen(context.cwd, operands, { dir, against });
    const { out } = context;
    await printDocument(context, { items: differences }, async () => {
      for (const { before, after, changes } of differences) {
        await out.line(out.paint("bold", escapeText(`${before ?? "(nothing)"} -> ${after ?? "(nothing)"}`)));
        for (const { direction, field, says } of changes) {
          await out.line(`  ${out.paint(styles[direction], direction)} ${escapeText(`${field}: ${says}`)}`);
        }
        if (changes.length === 0) await out.line("  no difference");
      }
    });
    return differences.some(({ changes }) => loosens(changes)) ? exitCodes.no : exitCodes.ok;
  },
});

const styles: Record<Direction, Style> = { loosens: "red", tightens: "green", changes: "dim" };

interface Operands {
  from: string | undefined;
  to: string | undefined;
}

const between = (cwd: string, { from, to }: Operands, dir: string): Difference => {
  if (from === undefined || to === undefined) {
    throw new UsageError("two policies are expected, or --against", "cloche policy diff");
  }
  return compare(readPolicy(cwd, from, dir), readPolicy(cwd, to, dir));
};

const sinceThen = (
  cwd: string,
  { from: name, to }: Operands,
  { dir, against }: { dir: string; against: string },
): Difference[] => {
  if (to !== undefined)
    throw new UsageError("with --against at most one policy is expected", "cloche policy diff");
  const here = readPolicies(cwd, dir);
  const there = readPolicies(cwd, against);
  const names = [...new Set([...there, ...here].map(({ policy }) => policy.name))].sort();
  const of = (policies: ResolvedPolicy[], wanted: string) =>
    policies.find(({ policy }) => policy.name === wanted);
  if (name !== undefined && !names.includes(name)) {
    throw new InputError(`there is no policy "${name}" here or in ${against}`);
  }
  return names
    .filter((one) => name === undefined || one === name)
    .map((one) => compare(of(there, one), of(here, one)));
};

/** A policy that is new is something more that may be asked for; one that is gone is something less. */
const compare = (before: ResolvedPolicy | undefined, after: ResolvedPolicy | undefined): Difference => ({
  before: before?.file ?? null,
  after: after?.file ?? null,
  changes:
    before && after
      ? diffPolicies(before.policy, after.policy)
      : [
          {
            direction: after ? "loosens" : "tightens",
            field: "name",
            says: after ? `${after.policy.name} is new` : `${before?.policy.name} is gone`,
          },
        ],
});
