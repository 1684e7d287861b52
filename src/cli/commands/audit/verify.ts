import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { AuditHead } from "../../../integrity/audit-statement.ts";
import type { Verdict } from "../../audit/verify-folder.ts";
import { defineCommand } from "../../command.ts";
import type { Context } from "../../context.ts";
import { exitCodes, InputError, reasonOf } from "../../errors.ts";
import { printDocument } from "../../terminal/document.ts";
import { escapeText } from "../../terminal/escape.ts";
import { counted } from "../../terminal/plural.ts";

export const auditVerify = defineCommand({
  name: "verify",
  summary: "Check that nothing of an audit log was changed, dropped, swapped or cut off; needs no service",
  notes:
    "Names the first record that is not right and ends with 1, as it does where the keys given are not those that signed.\n" +
    "After a change of keys give all (cloche receipt key --all). Keep a head and the public key elsewhere: whoever can write\n" +
    "to the disk can cut the log back to any earlier head, and only a later one that you kept shows it.",
  operands: { folder: { label: "FOLDER", need: "optional", complete: "folder" } },
  options: {
    key: {
      kind: "text",
      value: "FILE",
      complete: "file",
      help: "Public keys to trust: PEM, or the service's list; default: signing-keys.json beside the folder",
    },
    head: {
      kind: "list",
      value: "FILE",
      complete: "file",
      help: "A head that you kept (cloche audit heads): the log must go on from it; may be given again",
    },
  },
  async run(context, { values, operands }) {
    // What only this command needs is not loaded for all others.
    const { openHead, trustKeys } = await import("../../../integrity/audit-statement.ts");
    const { segmentsIn } = await import("../../audit/folder.ts");
    const { keysFile, keysFor } = await import("../../audit/keys.ts");
    const { verifyFolder } = await import("../../audit/verify-folder.ts");
    const folder = resolve(context.cwd, operands.folder ?? join(".cloche", "audit"));
    // Before the keys, which are looked for beside it.
    segmentsIn(folder);
    const keyFile = values.key && resolve(context.cwd, values.key);
    const keys = trustKeys(keysFor(folder, keyFile));
    const trusted = {
      keyIds: [...keys.keys()],
      from: keysFile(folder, keyFile),
      pinned: keyFile !== undefined,
    };
    const known = values.head.flatMap((file) =>
      readHeads(resolve(context.cwd, file), (line) => openHead(line, keys)),
    );
    const verdict = verifyFolder(folder, keys, known);
    await printDocument(context, { ...verdict, finding: verdict.finding ?? null, trusted }, async () => {
      await print(context, verdict);
      await context.out.line(toTrust(trusted));
    });
    return verdict.finding ? exitCodes.notProven : exitCodes.ok;
  },
});

/** One a line, as `audit heads` prints them. */
const readHeads = (file: string, open: (line: string) => AuditHead | string): AuditHead[] => {
  try {
    return readFileSync(file, "utf8")
      .trim()
      .split("\n")
      .map((line) => {
        const head = open(line);
        if (typeof head === "string") throw new InputError(`a line ${head}`);
        return head;
      });
  } catch (error) {
    throw new InputError(`${file}: ${reasonOf(error)}`);
  }
};

const print = async ({ out }: Context, verdict: Verdict): Promise<void> => {
  const { finding, records, removed, heads, proven, size } = verdict;
  if (finding) {
    const { file, line, seq, problem, unknownKey } = finding;
    if (unknownKey === undefined) await out.line(`${out.paint("red", "not whole")}: ${escapeText(problem)}`);
    else await out.line(toUnproven(out, unknownKey));
    await out.line(`in ${escapeText(file)}, line ${line}${seq > 0 ? `, record ${seq}` : ""}`);
    await out.line(`proven by signed heads: up to record ${proven}`);
    return;
  }
  const rest = proven < size ? "; what comes after is only chained, and could be anybody's" : "";
  await out.line(`${out.paint("green", "whole")} and proven up to record ${proven} of ${size}${rest}`);
  const past = removed > 0 ? `; ${removed} before them were removed for their age` : "";
  await out.line(`${counted(records, "record")}, ${counted(heads, "signed head")}${past}`);
  await out.line(toKept(verdict));
};

const toUnproven = (out: Context["out"], keyId: string): string =>
  `${out.paint("red", "can't be checked with the keys given")}: signed by key ${escapeText(keyId)}; if it is one of ` +
  "the service's (cloche receipt key --all prints those of before too), give it with --key; if not, the log is forged";

const toKept = ({ kept, size }: Verdict): string => {
  if (kept === null) {
    return "no kept head was given (--head FILE, of cloche audit heads): without one, a log that was cut back to an earlier head cannot be told from a shorter one";
  }
  const rest =
    kept < size ? "; behind them, only a later kept head can tell whether something was cut off" : "";
  return `it goes on from the kept head of ${counted(kept, "record")}${rest}`;
};

interface Trusted {
  keyIds: string[];
  from: string;
  pinned: boolean;
}

const toTrust = ({ keyIds, from, pinned }: Trusted): string => {
  const which = `trusted keys: ${keyIds.join(", ")}, of ${escapeText(from)}`;
  return pinned ? which : `${which}, which is not signed: name a copy that you kept with --key`;
};
