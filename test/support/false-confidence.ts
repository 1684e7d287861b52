/**
 * For each control the attempts that notice when it alone is missing. The table in docs/threat-model.md is made from
 * this; run as a program the file writes it there. test/security/false-confidence.test.ts shows that it is true.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Control, controls } from "../../src/domain/controls.ts";
import type { ProgramAttempt } from "../../src/engine/proofs/attempt.ts";
import { loadBattery } from "../../src/engine/proofs/load-battery.ts";

export const noticedBy: Record<Control, readonly [string, ...string[]]> = {
  seccomp: ["missing-layers"],
  syscall_tier: ["missing-layers"],
  landlock: ["other-peoples-files"],
  landlock_scope: ["signals-beyond"],
  not_dumpable: ["missing-bounds"],
  no_new_privileges: ["missing-layers"],
  no_capabilities: ["missing-layers"],
  non_root: ["missing-layers"],
  read_only_root: ["missing-bounds"],
  no_network: ["metadata-service"],
  memory: ["missing-bounds"],
  no_swap: ["swap"],
  processes: ["missing-bounds"],
  cpus: ["all-cores"],
  file_limits: ["missing-bounds"],
};

const battery = loadBattery();

/** Throws where the battery has none of this name. */
export const attemptNamed = (name: string): ProgramAttempt => {
  const found = battery.find(({ head }) => head.name === name);
  if (!found) throw new Error(`the battery has no attempt ${name}`);
  return found;
};

export const threatModelFile = join(import.meta.dirname, "../../docs/threat-model.md");

const FROM = "<!-- what notices a missing control: made by test/support/false-confidence.ts -->";
const TO = "<!-- end -->";

const toTable = (): string =>
  [
    "control | what it is | left out alone, noticed by",
    "--- | --- | ---",
    ...Object.entries(noticedBy).map(([control, names]) => {
      const attempts = names.map((name) => `${attemptNamed(name).head.id} \`${name}\``).join(", ");
      return `\`${control}\` | ${controls[control as Control]} | ${attempts}`;
    }),
  ].join("\n");

/** The document with the table as it should be. Throws where it has no place for one. */
export const withTable = (document: string): string => {
  const from = document.indexOf(FROM);
  const to = document.indexOf(TO, from);
  if (from < 0 || to < 0) throw new Error(`${threatModelFile} has no place for the table`);
  return `${document.slice(0, from)}${FROM}\n${toTable()}\n${document.slice(to)}`;
};

if (import.meta.main) {
  writeFileSync(threatModelFile, withTable(readFileSync(threatModelFile, "utf8")));
}
