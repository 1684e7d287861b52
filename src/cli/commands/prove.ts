import { extname, resolve } from "node:path";
import { route } from "../api/route.ts";
import type { AttemptInfo, Proof } from "../api/types.ts";
import { defineCommand } from "../command.ts";
import type { Context } from "../context.ts";
import { exitCodes, UsageError } from "../errors.ts";
import { assertWritable, writeBeside } from "../files/save-file.ts";
import { parseAttemptIds } from "../proofs/attempt-ids.ts";
import { followProof } from "../proofs/follow-proof.ts";
import { printList } from "../terminal/document.ts";
import { toJson } from "../terminal/escape.ts";

const formats = {
  text: "text/plain",
  json: "application/json",
  sarif: "application/sarif+json",
  html: "text/html",
} as const;
type Format = keyof typeof formats;

export const prove = defineCommand({
  name: "prove",
  summary: "Try to break out, under a policy and on the service's host, and show what became of it",
  notes: `Runs every attempt of the battery, each with a control that must succeed, a clean run after it and a look at the
host. Several policies are tried one after the other and come into one report. Needs an admin's key; takes
some minutes. The exit code is 0 where nothing escaped and nothing stayed open, else 1. Ctrl-C ends it.`,
  operands: {},
  options: {
    policy: { kind: "list", value: "NAME", help: "Policy; may be given again; default: default" },
    runtime: { kind: "text", value: "NAME", help: "OCI runtime in place of the policy's, for example runsc" },
    tier: { kind: "text", choices: ["container", "cell"], help: "Isolation tier in place of the policy's" },
    attempts: { kind: "text", value: "IDS", help: "Only these, for example 1,4-6; default: all" },
    list: { kind: "flag", help: "List the attempts there are, and try none" },
    format: { kind: "text", choices: Object.keys(formats), help: "Form of the report; default: text" },
    output: {
      kind: "text",
      value: "FILE",
      complete: "file",
      help: "Write the report there; .html, .json, .sarif and .txt say its form",
    },
  },
  async run(context, { values }) {
    const { runtime, tier, output } = values;
    if (values.list) return await listAttempts(context);
    const attempts = parseAttemptIds(values.attempts);
    const format = formatOf(values.format, output, context.json);
    const policies = values.policy.length > 0 ? [...new Set(values.policy)] : ["default"];
    if (output !== undefined) await assertWritable(resolve(context.cwd, output));
    const proofs: Proof[] = [];
    for (const policy of policies) {
      const proof = await followProof(context, { policy, runtime, tier, attempts });
      proofs.push(proof);
      if (proof.status !== "finished") break;
    }
    const report = await reportOf(context, proofs, format);
    if (output === undefined) await context.out.write(report);
    else await writeBeside(resolve(context.cwd, output), [Buffer.from(report)]);
    return proofs.every(isProven) ? exitCodes.ok : exitCodes.notProven;
  },
});

const listAttempts = async (context: Context): Promise<number> =>
  printList(context, await context.api().get<{ items: AttemptInfo[] }>("/v1/attempts"), [
    { head: "ID", cell: ({ id }) => id, right: true },
    { head: "CLASS", cell: (attempt) => attempt.class.replaceAll("_", " ") },
    { head: "TECHNIQUES", cell: ({ techniques }) => techniques.join(" ") },
    { head: "TITLE", cell: ({ title }) => title },
  ]);

const endings: Record<string, Format> = {
  "": "text",
  ".txt": "text",
  ".json": "json",
  ".sarif": "sarif",
  ".html": "html",
};

const formatOf = (asked: string | undefined, output = "", json: boolean): Format => {
  // The parser has taken none but these.
  if (asked !== undefined) return asked as Format;
  if (json) return "json";
  const found = endings[extname(output).toLowerCase()];
  if (found !== undefined) return found;
  const known = Object.keys(endings).filter((ending) => ending !== "");
  throw new UsageError(
    `--output ${output}: what form is "${extname(output)}"? Name it with --format, or end the file in ${known.join(", ")}`,
    "cloche prove",
  );
};

const isProven = ({ status, summary: { escaped = 0, inconclusive = 0 } }: Proof): boolean =>
  status === "finished" && escaped + inconclusive === 0;

const reportOf = async (context: Context, proofs: Proof[], format: Format): Promise<string> => {
  if (format === "json") return `${toJson(proofs.length === 1 ? proofs[0] : { items: proofs }, 2)}\n`;
  const [first, ...others] = proofs.map(({ id }) => id);
  const response = await context.api().request({
    method: "GET",
    path: route`/v1/proofs/${first ?? ""}`,
    query: others.length > 0 ? { with: others.join(",") } : {},
    headers: { accept: `${formats[format]}, application/problem+json` },
  });
  return await response.text();
};
