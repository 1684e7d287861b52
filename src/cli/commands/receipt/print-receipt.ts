/** What a receipt certifies, in words. */
import { nameOfFile } from "../../../integrity/observed.ts";
import type { parseReceipt } from "../../../integrity/receipt.ts";
import type { Context } from "../../context.ts";
import { escapeText } from "../../terminal/escape.ts";
import { counted } from "../../terminal/plural.ts";
import { printFields, printTable, toTime } from "../../terminal/table.ts";

type Receipt = ReturnType<typeof parseReceipt>;

/** Fields of the execution that it was held against, if it was. */
interface Compared {
  same: string[];
  differing: string[];
  /** The execution says of itself that these were left out of it. */
  notCompared: string[];
}

export const printReceipt = async (
  { out }: Context,
  { body, signature }: Receipt,
  { same, differing, notCompared }: Compared,
  from: string,
): Promise<void> => {
  const differs = differing.length > 0;
  if (differs) {
    const verdict = out.paint("red", "not valid");
    await out.line(`${verdict}: the execution is not the receipt's in ${counted(differing.length, "field")}`);
  }
  for (const field of differing) {
    await out.line(`${out.paint("red", "differs")}: ${escapeText(field)} is not what the receipt says`);
  }
  const signed = differs ? "the receipt itself is signed" : out.paint("green", "signed");
  await out.line(`${signed} by key ${signature.keyId}, and not changed since`);
  await out.line(`the key is trusted because ${escapeText(from)} lists it`);
  await out.line();
  await printFields(out, fieldsOf(body));
  await out.line();
  await printTable(
    out,
    [
      { head: "CONTROL", cell: ([name]) => name },
      {
        head: "IN FORCE",
        cell: ([, on]) => (on ? "yes" : "no"),
        style: ([, on]) => (on ? undefined : "yellow"),
      },
    ],
    Object.entries(body.isolation.controls),
  );
  if (same.length + notCompared.length + differing.length === 0) return;
  await out.line();
  await out.line(`of the execution ${counted(same.length, "field is", "fields are")} what the receipt says`);
  if (notCompared.length > 0) {
    const loud = out.paint("yellow", `NOT COMPARED: ${counted(notCompared.length, "field")}`);
    await out.line(`${loud}: the execution says that its policy keeps them out of the store`);
  }
  for (const field of notCompared) {
    await out.line(`${out.paint("yellow", "not compared")}: ${escapeText(field)}`);
  }
};

const fieldsOf = ({ isolation, session, outputs, denied, ...body }: Receipt["body"]) => ({
  execution: body.execution,
  tenant: body.tenant,
  ...(session && {
    session: `${session.id}, execution ${session.sequence}, interpreter ${session.interpreter}`,
  }),
  ran: `${toTime(body.startedAt)} to ${toTime(body.finishedAt)}`,
  action: `${body.action.kind} ${body.action.code}`,
  inputs: body.action.inputs,
  image: `${body.image.name} ${body.image.digest}`,
  policy: `${body.policy.name} ${body.policy.digest}`,
  isolation: `tier ${isolation.tier}, runtime ${isolation.runtime}, sandbox ${isolation.sandbox || "none: nothing ran"}`,
  host: hostOf(isolation.host),
  outcome: `${body.outcome}${body.exitCode === null ? "" : `, exit code ${body.exitCode}`}`,
  evidence: body.evidence,
  stdout: `${outputs.stdout}${outputs.truncated.stdout ? " (cut at its bound)" : ""}`,
  stderr: `${outputs.stderr}${outputs.truncated.stderr ? " (cut at its bound)" : ""}`,
  results: outputs.results,
  ...Object.fromEntries(outputs.files.map((file) => [`file ${escapeText(nameOfFile(file))}`, file.sha256])),
  "denied calls": denied.reportedBy === "none" ? "nobody counted them" : denied.total,
  limits: pairs(body.limits),
  usage: pairs(body.usage),
});

const hostOf = ({ kernel, engine, runtime }: Receipt["body"]["isolation"]["host"]): string =>
  kernel === "" ? "not seen" : `kernel ${kernel}, ${engine}, ${runtime}`;

const pairs = (values: Record<string, number | null>): string =>
  Object.entries(values)
    .map(([name, value]) => `${name} ${value ?? "-"}`)
    .join(", ");
