/** A tier as its file has it. */
import type { SyscallRule } from "../../src/domain/syscalls.ts";
import type { Tier } from "./build-tiers.ts";

const WIDTH = 110;

export const renderTier = ({ description, rules, untraced }: Tier): string =>
  [
    `# ${description}`,
    "# Everything else is denied. Made by npm run seccomp:trace of tiers.yaml and traces; do not edit.",
    ...wrap(`In no trace, and here for a reason of tiers.yaml: ${untraced.join(", ")}`).map(
      (line) => `# ${line}`,
    ),
    "rules:",
    ...rules.flatMap(renderRule),
    "",
  ].join("\n");

const renderRule = ({ comment, names, args, errno }: SyscallRule): string[] => [
  `  - comment: ${JSON.stringify(comment)}`,
  ...renderNames(names),
  ...(args ? ["    args:", ...args.map((argument) => `      - ${flow(argument)}`)] : []),
  ...(errno === undefined ? [] : [`    errno: ${errno}`]),
];

const renderNames = (names: readonly string[]): string[] => {
  const short = `    names: [${names.join(", ")}]`;
  if (short.length <= WIDTH) return [short];
  return ["    names:", ...wrap(`[${names.join(", ")}]`).map((line) => `      ${line}`)];
};

const flow = (fields: object): string =>
  `{ ${Object.entries(fields)
    .map(([key, value]) => `${key}: ${value}`)
    .join(", ")} }`;

const wrap = (text: string): string[] => {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line !== "" && line.length + word.length + 7 > WIDTH) lines.push(word);
    else lines[lines.length - 1] = line === "" ? word : `${line} ${word}`;
  }
  return lines;
};
