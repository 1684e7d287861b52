import type { Check } from "../../../integrity/receipt-of.ts";
import type { SigningKeys } from "../../../integrity/signing-keys.ts";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { exitCodes, InputError, reasonOf } from "../../errors.ts";
import { readInput } from "../../files/local-input.ts";
import { signingKeyFile } from "../../settings.ts";
import { escapeText, toJson } from "../../terminal/escape.ts";
import type { printReceipt } from "./print-receipt.ts";

export const receiptVerify = defineCommand({
  name: "verify",
  summary: "Check a receipt's signature, and what it says of an execution",
  notes:
    "The exit code is 0 where everything holds and 1 where anything does not. With a key file no service is asked.\n" +
    "CLOCHE_SIGNING_KEY_FILE may name the key file, too.",
  operands: { file: { label: "FILE", need: "required", complete: "file" } },
  options: {
    key: {
      kind: "text",
      value: "FILE",
      complete: "file",
      help: "Public keys (PEM, or the list of receipt key --json) that may have signed it; default: the service's",
    },
    observation: {
      kind: "text",
      value: "FILE",
      complete: "file",
      help: "The execution as it was answered: every hash of the receipt is checked against it",
    },
    offline: { kind: "flag", help: "Never ask the service; then a key file is needed" },
  },
  async run(context, { values, operands }) {
    // What only this command needs is not loaded for all others.
    const { NoReceipt, parseReceipt, verifyReceipt } = await import("../../../integrity/receipt.ts");
    const { compareWithExecution } = await import("../../../integrity/receipt-of.ts");
    const text = await readText(context, operands.file);
    const { keys, from } = await readKeys(context, values);
    const execution =
      values.observation === undefined ? undefined : await readText(context, values.observation);
    try {
      const receipt = parseReceipt(text);
      const verdict = verifyReceipt(receipt, keys);
      if (!verdict.valid) return await refuse(context, verdict.reason);
      const checks = execution === undefined ? [] : compareWithExecution(receipt.body, execution);
      return await report(context, receipt, checks, from);
    } catch (error) {
      if (error instanceof NoReceipt) return await refuse(context, error.message);
      throw error;
    }
  },
});

type Receipt = Parameters<typeof printReceipt>[1];

const report = async (context: Context, receipt: Receipt, checks: Check[], from: string): Promise<number> => {
  const fields = (result: Check["result"]) =>
    checks.filter((check) => check.result === result).map(({ field }) => field);
  const compared = { same: fields("same"), differing: fields("differs"), notCompared: fields("not_kept") };
  const valid = compared.differing.length === 0;
  const trusted = { keyId: receipt.signature.keyId, from };
  if (context.json) await context.out.line(toJson({ valid, signed: true, key: trusted, ...compared }));
  else await (await import("./print-receipt.ts")).printReceipt(context, receipt, compared, from);
  return valid ? exitCodes.ok : exitCodes.no;
};

const refuse = async ({ json, out, err }: Context, reason: string): Promise<number> => {
  if (json) await out.line(toJson({ valid: false, signed: false, reason }));
  else await err.note(`${err.paint("red", "not valid")}: ${reason.split("\n").map(escapeText).join("\n  ")}`);
  return exitCodes.no;
};

const readText = async (context: Context, file: string): Promise<string> =>
  (await readInput(context, file)).toString();

const readKeys = async (
  context: Context,
  { key, offline }: { key: string | undefined; offline: boolean },
): Promise<{ keys: SigningKeys; from: string }> => {
  const { parseSigningKeys } = await import("../../../integrity/signing-keys.ts");
  const file = key ?? signingKeyFile(context.env);
  if (file === undefined && offline) {
    throw new InputError("--offline needs a key to check with: --key, or CLOCHE_SIGNING_KEY_FILE");
  }
  const text = file !== undefined ? await readText(context, file) : await askForKeys(context);
  try {
    return { keys: parseSigningKeys(text), from: file ?? `the service at ${context.api().url}` };
  } catch (error) {
    throw new InputError(
      `${file !== undefined ? `"${file}"` : "What the service lists"} can't be checked with: ${reasonOf(error)}`,
    );
  }
};

const askForKeys = async (context: Context): Promise<string> => {
  const response = await context.api().request({ method: "GET", path: "/v1/signing-keys" });
  return await response.text();
};
