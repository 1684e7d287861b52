/** The programs of battery/: a head of YAML in comments, then Python. Read when the service starts. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { attemptHeadSchema } from "../../domain/proof.ts";
import type { ProgramAttempt } from "./attempt.ts";

const batteryFolder = join(import.meta.dirname, "battery");

/** Sorted by id. Throws an Error that names every wrong file and what was expected. */
export const loadBattery = (folder = batteryFolder): ProgramAttempt[] => {
  const problems: string[] = [];
  const found = readdirSync(folder)
    .filter((file) => file.endsWith(".py"))
    .sort()
    .flatMap((file) => {
      try {
        return [parseAttempt(file, readFileSync(join(folder, file), "utf8"))];
      } catch (error) {
        problems.push(`${file}: ${error instanceof Error ? error.message : error}`);
        return [];
      }
    });
  for (const [index, { head }] of found.entries()) {
    const twin = found.findIndex(({ head: { id, name } }) => id === head.id || name === head.name);
    if (twin !== index)
      problems.push(`${head.name}: its id or name is that of ${found[twin]?.head.name} too`);
  }
  if (problems.length > 0) throw new Error(`The battery is not sound: ${problems.join("; ")}`);
  return found.sort((a, b) => a.head.id - b.head.id);
};

const HEAD = /^# ---\n((?:#[^\n]*\n)*?)# ---\n/;

export const parseAttempt = (file: string, program: string): ProgramAttempt => {
  const [, commented] = HEAD.exec(program) ?? [];
  if (commented === undefined)
    throw new Error("must begin with a head in comments between two lines of # ---");
  const result = attemptHeadSchema.safeParse(parse(commented.replace(/^# ?/gm, "")));
  if (!result.success) {
    const issues = result.error.issues.map(({ path, message }) => `${path.join(".") || "(head)"} ${message}`);
    throw new Error(issues.join(", "));
  }
  const head = result.data;
  const expected = `${String(head.id).padStart(3, "0")}-${head.name}.py`;
  if (file !== expected) throw new Error(`must be called ${expected}, after its id and name`);
  return { head, program };
};
