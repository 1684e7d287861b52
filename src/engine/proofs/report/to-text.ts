/** A proof for a terminal: counts by class, a line for each attempt, and all there is to read of those that need it. */
import { attemptClasses, type Proof, type Verdict, verdicts } from "../../../domain/proof.ts";
import { summaryOf } from "../summary.ts";
import { classNames } from "./class-names.ts";

export const toText = (proofs: readonly Proof[]): string => proofs.map(oneToText).join("\n");

const oneToText = (proof: Proof): string => {
  const { policy, image, host, summary } = proof;
  const lines = [
    `Proof ${proof.id}: policy ${policy.name}, tier ${proof.tier}, runtime ${proof.runtime}, image ${image.name}`,
    [...hostOf(host), proof.createdAt, `${(proof.ms / 1000).toFixed(1)} s`].join(", "),
    "",
    ...table(proof),
    ...attemptClasses.flatMap((name) => group(proof, name)),
    ...proof.attempts
      .filter(({ verdict }) => verdict === "escaped" || verdict === "inconclusive")
      .flatMap(story),
    ...(proof.skipped.length > 0 ? ["", "Not tried:"] : []),
    ...proof.skipped.map(({ id, name, reason }) => `  ${id} ${name}: ${printable(reason)}`),
    "",
    proof.status === "finished"
      ? `${proof.total} ${proof.total === 1 ? "attempt" : "attempts"}: ${verdicts.map((verdict) => `${summary[verdict]} ${verdict}`).join(", ")}`
      : `${proof.status}: ${printable(proof.error ?? `${proof.attempts.length} of ${proof.total} attempts so far`)}`,
  ];
  return `${lines.join("\n")}\n`;
};

/** Empty where no sandbox was made: nothing is known of it then. */
const hostOf = ({ engine, runtime, kernel }: Proof["host"]): string[] =>
  [engine, runtime, kernel && `kernel ${kernel}`].filter((text) => text !== "");

const group = ({ attempts }: Proof, name: (typeof attemptClasses)[number]): string[] => {
  const own = attempts.filter((attempt) => attempt.class === name);
  return own.length === 0 ? [] : ["", classNames[name], ...own.map(oneLine)];
};

const MAX_EVIDENCE = 80;

const oneLine = ({ id, name, verdict, evidence }: Proof["attempts"][number]): string => {
  const [first = "", ...rest] = evidence.split("\n");
  const isCut = rest.length > 0 || first.length > MAX_EVIDENCE;
  const said = `${printable(first.slice(0, MAX_EVIDENCE))}${isCut ? " …" : ""}`;
  return `  ${String(id).padStart(3)} ${name.padEnd(26)} ${verdict.padEnd(12)} ${said}`.trimEnd();
};

const table = ({ attempts }: Proof): string[] => {
  const row = (name: string, cells: (string | number)[]) =>
    `${name.padEnd(28)}${cells.map((cell) => String(cell).padStart(14)).join("")}`;
  return [
    row("", [...verdicts]),
    ...attemptClasses.flatMap((name) => {
      const summary = summaryOf(attempts.filter((attempt) => attempt.class === name));
      const counts = verdicts.map((verdict: Verdict) => summary[verdict]);
      return counts.some((count) => count > 0)
        ? [
            row(
              classNames[name],
              counts.map((count) => count || "·"),
            ),
          ]
        : [];
    }),
  ];
};

const story = (attempt: Proof["attempts"][number]): string[] => [
  "",
  `${attempt.verdict.toUpperCase()}  ${attempt.id} ${attempt.name}: ${attempt.title} (${attempt.techniques.join(", ")})`,
  ...field("saw", attempt.evidence),
  ...field("control", attempt.control.evidence),
  ...field("next run", attempt.cleanRun.evidence),
  ...field("host", attempt.canary.evidence),
];

const field = (name: string, text: string): string[] =>
  text.split("\n").map((line, index) => `  ${(index === 0 ? name : "").padEnd(8)} ${printable(line)}`);

/** What a program saw may be anything: it must not move the cursor of whoever reads it. */
const printable = (text: string): string =>
  text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
