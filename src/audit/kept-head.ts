/**
 * The last signed head, in a file outside of the log's folder. A log that is behind it was cut back, one that has
 * another root was written anew: also where the folder's own heads were changed with it.
 */
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { type AuditHead, openHead, type TrustedKeys } from "../integrity/audit-statement.ts";
import { sizeOf, syncFolder } from "./folder.ts";

/** undefined where there is none; else the head, or what is wrong with it as the end of a sentence. */
export const readKeptHead = (file: string, keys: TrustedKeys): AuditHead | string | undefined =>
  sizeOf(file) === 0 ? undefined : openHead(readFileSync(file, "utf8").trimEnd(), keys);

/** It is on the disk on return. */
export const keepHead = (file: string, head: AuditHead): void => {
  const beside = `${file}.new`;
  const fd = openSync(beside, "w", 0o600);
  try {
    writeSync(fd, `${JSON.stringify(head)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(beside, file);
  syncFolder(dirname(file));
};
