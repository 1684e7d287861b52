/** Holds a receipt against the execution that it is said to be of. */
import { z } from "zod";
import { type Execution, executionSchema } from "../domain/execution.ts";
import type { ReceiptBody } from "../domain/receipt.ts";
import { hashOfObserved } from "./hash.ts";
import { nameOfFile, observedIn, pathHashOf } from "./observed.ts";
import { NoReceipt } from "./receipt.ts";

export interface Check {
  field: string;
  /** `not_kept`: the execution says that its policy keeps this out of the store, and has nothing there to compare. */
  result: "same" | "differs" | "not_kept";
}

/** Each thing that both tell, and whether they tell the same. Throws NoReceipt for what is no finished execution. */
export const compareWithExecution = (body: ReceiptBody, text: string): Check[] => {
  const execution = parseExecution(text);
  const told = observedIn(execution.observation);
  const { action, isolation } = body;
  const pairs: [field: string, receipt: unknown, execution: unknown][] = [
    ["id", body.execution, execution.id],
    ["action.kind", action.kind, execution.action.kind],
    ["action.sha256", action.code, `sha256:${execution.action.sha256}`],
    ["action.image", body.image, execution.action.image],
    ["action.policy", body.policy, execution.action.policy],
    ["tier", isolation.tier, execution.tier],
    ["session", body.session, sessionOf(execution)],
    ["outcome", body.outcome, told.outcome],
    ["exitCode", body.exitCode, told.exitCode],
    ["evidence", body.evidence, told.evidence],
    ["usage", body.usage, told.usage],
    ["stdout", body.outputs.stdout, told.outputs.stdout],
    ["stderr", body.outputs.stderr, told.outputs.stderr],
    ["truncated", body.outputs.truncated, told.outputs.truncated],
    ["results", body.outputs.results, told.outputs.results],
    ["outputs.skipped", body.outputs.skipped, told.outputs.skipped],
    ["denied", body.denied, told.denied],
    ...filePairs(body.outputs.files, told.outputs.files),
  ];
  const dropped = droppedIn(execution);
  return pairs.map(([field, a, b]) => {
    if (isSame(a, b)) return { field, result: "same" };
    return { field, result: dropped.some((name) => field.startsWith(name)) ? "not_kept" : "differs" };
  });
};

/** Fields that are empty because their part was left out. One that says so and holds something is looked at. */
const droppedIn = ({ redacted = [], observation }: Execution): string[] => {
  const { stdout, stderr, results, outputs } = observation;
  const empty: Record<string, boolean> = {
    stdout: stdout === "" && observation.stdoutBase64 === undefined,
    stderr: stderr === "" && observation.stderrBase64 === undefined,
    results: results.length === 0,
    outputs: outputs.files.length === 0 && outputs.skipped.length === 0,
  };
  return redacted.filter((part) => empty[part] === true);
};

type Files = ReceiptBody["outputs"]["files"];

const filePairs = (receipt: Files, execution: Files): [string, unknown, unknown][] => {
  const named = new Map([...receipt, ...execution].map((file) => [pathHashOf(file), nameOfFile(file)]));
  return [...named].map(([hash, name]) => {
    const of = (files: Files) =>
      files.filter((file) => pathHashOf(file) === hash).map(({ bytes, sha256 }) => ({ bytes, sha256 }));
    return [`outputs.files[${name}]`, of(receipt), of(execution)];
  });
};

const isSame = (a: unknown, b: unknown): boolean => hashOfObserved(a) === hashOfObserved(b);

const sessionOf = ({ session }: Execution): ReceiptBody["session"] =>
  session ? { id: session.id, sequence: session.sequence, interpreter: session.interpreter } : null;

const parseExecution = (text: string): Execution => {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new NoReceipt("the execution is no JSON", { cause });
  }
  const result = executionSchema.safeParse(value);
  if (!result.success) throw new NoReceipt(`it is no finished execution: ${z.prettifyError(result.error)}`);
  // With whatever else somebody put there: it is hashed too.
  return value as Execution;
};
