import { resolve } from "node:path";
import { imagesBeside } from "../../../policies/images-beside.ts";
import type { Finding } from "../../../policies/lint/finding.ts";
import { isClean, lintPolicy } from "../../../policies/lint/lint-policy.ts";
import { severities } from "../../../policies/lint/rule.ts";
import { toSarif } from "../../../policies/lint/sarif.ts";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { exitCodes } from "../../errors.ts";
import { escapeText, toJson } from "../../terminal/escape.ts";
import { counted } from "../../terminal/plural.ts";
import { DEFAULT_FOLDER, folderOption, readPolicies, readPolicy } from "./read-policies.ts";

export const policyLint = defineCommand({
  name: "lint",
  summary: "Find weak settings of policies",
  notes: "Exit code 0 where there is nothing but notes, 1 for a warning or an error that no comment answers.",
  operands: { policy: { label: "POLICY", need: "optional", complete: "file" } },
  options: {
    ...folderOption,
    format: { kind: "text", value: "FORMAT", choices: ["text", "json", "sarif"], help: "What to print" },
  },
  async run(context, { operands: { policy }, values: { dir = DEFAULT_FOLDER, format } }) {
    const { cwd, json, out } = context;
    const policies = policy === undefined ? readPolicies(cwd, dir) : [readPolicy(cwd, policy, dir)];
    const images = imagesBeside(resolve(cwd, dir));
    const findings = policies.flatMap((one) => lintPolicy(one, { images }));
    if (format === "sarif") await out.line(toJson(toSarif(findings), 2));
    else if (json || format === "json") await out.line(toJson({ items: findings }, 2));
    else await printFindings(context, findings, policies.length);
    return isClean(findings) ? exitCodes.ok : exitCodes.no;
  },
});

/** What several policies inherit from one line is told once. */
const printFindings = async (
  { out }: Pick<Context, "out">,
  findings: Finding[],
  policies: number,
): Promise<void> => {
  const places = Map.groupBy(findings, ({ rule, place, message, suppressedAt }) =>
    JSON.stringify([rule, place, message, suppressedAt]),
  );
  for (const [first, ...others] of places.values()) {
    if (!first) continue;
    const { place, severity, rule, field, message, remedy } = first;
    const { suppressed, suppressedAt } = first;
    const names = [first, ...others].map(({ policy }) => policy).join(", ");
    const head = `${place.file}:${place.line}: ${suppressed === null ? severity : "answered"} ${rule}`;
    const style =
      suppressed !== null || severity === "note" ? "dim" : severity === "error" ? "red" : "yellow";
    await out.line(`${out.paint(style, escapeText(head))} ${escapeText(`[${names}] ${field}: ${message}`)}`);
    const by = suppressedAt ? ` (${suppressedAt.file}:${suppressedAt.line})` : "";
    await out.line(escapeText(`    ${suppressed === null ? remedy : `because ${suppressed}${by}`}`));
  }
  const open = findings.filter(({ suppressed }) => suppressed === null);
  const counts = severities.map((name) =>
    counted(open.filter(({ severity }) => severity === name).length, name),
  );
  const read = counted(policies, "policy", "policies");
  await out.line(`${read}: ${counts.join(", ")}, ${findings.length - open.length} answered`);
};
