/** Comments that answer a lint rule: `# lint: CLP034 because the sandbox is the boundary`. */
import type { Place } from "./located.ts";

export interface Suppression {
  rule: string;
  /** Empty where none is given, which suppresses nothing. */
  reason: string;
  place: Place;
}

const comment = /#\s*lint:\s*(CLP\d{3})\b\s*(?:because\s+(.*\S))?/;

/** A reason may go on in comment lines below, up to one that is empty. */
export const suppressionsIn = (file: string, text: string): Suppression[] => {
  const lines = text.split("\n");
  return lines.flatMap((line, i) => {
    const [, rule, reason = ""] = comment.exec(line) ?? [];
    if (rule === undefined) return [];
    return [
      {
        rule,
        reason: reason === "" ? "" : [reason, ...rest(lines.slice(i + 1))].join(" "),
        place: { file, line: i + 1 },
      },
    ];
  });
};

const rest = (lines: string[]): string[] => {
  const end = lines.findIndex((line) => !/^\s*# {2,}\S/.test(line));
  return lines.slice(0, end < 0 ? lines.length : end).map((line) => line.replace(/^\s*#\s+/, "").trim());
};
